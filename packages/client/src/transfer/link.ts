// A connection for downloads, and the memory that it reads into.

import type { Conexion } from "@fileshare/protocol";
import type { ReadBuffers } from "@fileshare/protocol/node";

export interface Link {
  readonly conexion: Conexion;
  readonly buffers: ReadBuffers;
}
