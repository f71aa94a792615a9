/**
 * Every text that the demo shows, in English. `{name}` is filled in; what stands before a `|` is for one, the rest for any
 * other number `{n}`.
 */
export const en = {
  common: {
    back: "Back",
    cancel: "Cancel",
    close: "Close",
    done: "Done",
    save: "Save",
    search: "Search",
    somebody: "Somebody",
    you: "You",
    group: "group {id}",
    members: "{n} member|{n} members",
    none: "None",
  },
};
