// SPDX-License-Identifier: Apache-2.0
declare module "virtual:drop-meanings" {
  /** By the name of docs/operations.md; English. */
  const meanings: Record<string, string>;
  export default meanings;
}
