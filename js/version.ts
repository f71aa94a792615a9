/** The version of the package: the two halves of a client, page and worker, must be of one. A test holds it to package.json. */
export const VERSION = "0.1.0";
