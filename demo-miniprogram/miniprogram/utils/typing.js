/** Tells the other side that the user is typing: not with every letter, and once that it is over. */

/** Others forget it after 8 s. */
const AGAIN_MS = 4000;

function createTyping(conversation, onError) {
  let last = 0;
  const tell = (active) => conversation.typing(active).catch(onError);
  const stop = () => {
    if (last !== 0) tell(false);
    last = 0;
  };
  return {
    /** The draft changed. */
    touch(text, now) {
      if (text === "") stop();
      else if (now - last >= AGAIN_MS) {
        last = now;
        tell(true);
      }
    },
    /** The draft is done with, or left alone. */
    stop,
  };
}

module.exports = { createTyping };
