/** Plays one sound at a time. */
let audio = null;

function stop() {
  if (audio !== null) audio.destroy();
  audio = null;
}

/** Plays what is at the address, in place of what is playing; resolves when it can be heard. */
function play(url) {
  stop();
  // Who taps a voice message wants to hear it, also with the phone's switch on silent.
  wx.setInnerAudioOption({ obeyMuteSwitch: false, fail: (failure) => console.warn(failure.errMsg) });
  return new Promise((resolve, reject) => {
    const own = wx.createInnerAudioContext();
    audio = own;
    own.onPlay(() => resolve());
    own.onError((failure) => reject(new Error(failure.errMsg || "The sound cannot be played.")));
    own.src = url;
    own.play();
  });
}

module.exports = { play, stop };
