// The schema by reflection, as the existing SDK has it. The bundler puts the text of the file here.
import Long from "long";
import protobuf from "protobufjs";
import proto from "../../src/core/proto/xsync.proto";

protobuf.util.Long = Long;
protobuf.configure();

const { root } = protobuf.parse(proto, { keepCase: true });
const type = (name) => root.lookupType(`im.floo.protobuf.${name}`);

export const schema = {
  Long,
  Frame: type("Frame"),
  SyncDL: type("SyncDL"),
  MessageBody: type("MessageBody"),
};
