/** Files in WeChat mini-programs: from and to paths, through `wx.uploadFile` and `wx.downloadFile`. */
import type { FileSource } from "../client/cloud-types.js";
import type { Transfers } from "../client/files.js";
import { badArgument, failure, unsupported } from "../errors.js";
import type { WxPlatform } from "./wechat.js";

const unreachable = (why: { errMsg?: string } | undefined): Error =>
  failure("ServerNotReachable", "http", `The file did not get through: ${why?.errMsg ?? "no reason given"}`);

const pathOf = (file: FileSource): string => (file as { path: string }).path;

/** See `Transfers`. */
export const wechatFiles = (wx: WxPlatform): Transfers => ({
  check(file) {
    const path: unknown = (file as { path?: unknown } | null | undefined)?.path;
    if (typeof path !== "string" || path === "") throw badArgument("file", "{path} of a file");
    return { name: path.slice(path.lastIndexOf("/") + 1) };
  },

  upload: ({ method, url, headers, fields, file }, progress, stop) =>
    new Promise((resolve, reject) => {
      const fail = (why: { errMsg?: string } | undefined): void => reject(unreachable(why));
      if (method === "POST") {
        if (!wx.uploadFile) throw unsupported("Uploading on this platform");
        const task = wx.uploadFile({
          url,
          filePath: pathOf(file),
          name: "file",
          header: headers,
          formData: fields,
          success: ({ statusCode, data }) => resolve({ status: statusCode, body: String(data) }),
          fail,
        });
        task.onProgressUpdate((it) => progress(it.totalBytesSent, it.totalBytesExpectedToSend));
        stop(() => task.abort());
        return;
      }
      if (!wx.getFileSystemManager) throw unsupported("Uploading on this platform");
      wx.getFileSystemManager().readFile({
        filePath: pathOf(file),
        success: ({ data }) => {
          const task = wx.request({
            url,
            method,
            header: { "content-type": "application/octet-stream", ...headers },
            data,
            dataType: "text",
            responseType: "text",
            success: ({ statusCode, data: body }) => resolve({ status: statusCode, body: String(body) }),
            fail,
          });
          stop(() => (task as { abort?(): void } | undefined)?.abort?.());
        },
        fail,
      });
    }),

  download: ({ url, headers }, progress, stop) =>
    new Promise((resolve, reject) => {
      if (!wx.downloadFile) throw unsupported("Downloading on this platform");
      const task = wx.downloadFile({
        url,
        header: headers,
        success: ({ statusCode, tempFilePath }) => resolve({ status: statusCode, file: { path: tempFilePath } }),
        fail: (why) => reject(unreachable(why)),
      });
      task.onProgressUpdate((it) => progress(it.totalBytesWritten, it.totalBytesExpectedToWrite));
      stop(() => task.abort());
    }),
});
