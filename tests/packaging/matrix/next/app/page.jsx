// Rendered on the server, with each request: importing the package there does nothing and reads no global of a page.
import { ErrorCode, errorText } from "floo-wasm";
import Chat from "./chat.jsx";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <>
      <p id="rendered">{errorText(ErrorCode.UserAuthFailed, "en")}</p>
      <Chat />
    </>
  );
}
