/** Every text that the demo shows, in Chinese; see `en.ts`. */
import type { en } from "./en.js";

export const zh: { [S in keyof typeof en]: { [K in keyof (typeof en)[S]]: string } } = {
  common: {
    back: "返回",
    cancel: "取消",
    close: "关闭",
    done: "完成",
    save: "保存",
    search: "搜索",
    somebody: "某人",
    you: "你",
    group: "群 {id}",
    members: "{n} 人",
    none: "无",
  },
};
