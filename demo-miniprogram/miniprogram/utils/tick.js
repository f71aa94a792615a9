/** Answers a function that has `work` done once, however often it is called within one go of the app's code. */
function onceATick(work) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    wx.nextTick(() => {
      due = false;
      work();
    });
  };
}

module.exports = { onceATick };
