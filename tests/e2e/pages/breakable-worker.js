// The package's worker with a core that can be broken: by `{breakCore: part}` from its page, see `breakable.js`.
import { breakCore, instances } from "./breakable.js";
import "/npm/worker.js";

addEventListener("message", ({ data, ports: [answer] }) => {
  if (typeof data?.breakCore !== "string") return;
  breakCore(data.breakCore);
  answer.postMessage(instances());
});
