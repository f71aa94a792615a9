/** The page of a chat. */

/**
 * Opens the chat with a conversation: goes back to it when it is below, else takes the place of the page in front, so
 * that the pages do not pile up; the platform has ten at most.
 */
function openChatPage(kind, id) {
  const pages = getCurrentPages();
  const below = pages.findIndex(
    (page) => page.route === "pages/chat/chat" && page.options.kind === kind && page.options.id === id,
  );
  if (below >= 0) return wx.navigateBack({ delta: pages.length - 1 - below });
  return wx.redirectTo({ url: "/pages/chat/chat?kind=" + kind + "&id=" + id });
}

module.exports = { openChatPage };
