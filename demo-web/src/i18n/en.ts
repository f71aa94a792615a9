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
  contacts: {
    tabs: "What to show",
    chats: "Chats",
    contacts: "Contacts",
    waiting: "waiting for an answer",
    groups: "Groups",
    search: "Search contacts and groups",
    about: "About {name}",
    empty: "No contacts yet",
    nobody: "No contact or group is called “{text}”.",
  },
  profile: {
    picture: "Change my picture",
    noPicture: "This file is not a picture.",
    saved: "Saved",
  },
  settings: {
    title: "Settings",
    privacy: "Privacy",
    mayAdd: "Who may add me",
    everybody: "Everybody",
    confirmed: "Whom I accept",
    question: "Who answers my question",
    nobody: "Nobody",
    groupConfirm: "Ask me before I join a group",
    notifications: "Notifications on my phones",
    push: "Notifications",
    pushDetail: "Show what was written",
    sounds: "Sound",
    vibration: "Vibration",
    quiet: "Quiet hours",
    noQuiet: "None",
    from: "Quiet from",
    to: "Quiet until",
  },
};
