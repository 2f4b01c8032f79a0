// Files that are often taken for pickles: what they are, by their first bytes, and where the pickle may be.

interface Magic {
  readonly bytes: string;
  readonly is: string;
}

const archives: readonly Magic[] = [
  {
    bytes: "PK\x03\x04",
    is: "a ZIP archive, as torch.save and numpy.savez write: unpack it and look at the .pkl file in it",
  },
  { bytes: "PK\x05\x06", is: "an empty ZIP archive" },
  { bytes: "\x1f\x8b", is: "compressed with gzip: uncompress it first" },
  { bytes: "BZh", is: "compressed with bzip2: uncompress it first" },
  { bytes: "\xfd7zXZ\0", is: "compressed with xz: uncompress it first" },
  { bytes: "\x28\xb5\x2f\xfd", is: "compressed with Zstandard: uncompress it first" },
  { bytes: "\x04\x22\x4d\x18", is: "compressed with LZ4: uncompress it first" },
  { bytes: "x\x01", is: "compressed with zlib, as joblib.dump may: uncompress it first" },
  { bytes: "x\x5e", is: "compressed with zlib, as joblib.dump may: uncompress it first" },
  { bytes: "x\x9c", is: "compressed with zlib, as joblib.dump may: uncompress it first" },
  { bytes: "x\xda", is: "compressed with zlib, as joblib.dump may: uncompress it first" },
  {
    bytes: "\x93NUMPY",
    is: "an array that numpy.save wrote; a pickle is in it only where its header says object",
  },
  { bytes: "\x89HDF", is: "an HDF5 file" },
];

/** What a file is that begins like this, when it is of a known format that is no pickle. */
export function knownFormat(bytes: Uint8Array): string | undefined {
  return archives.find((magic) => {
    for (let i = 0; i < magic.bytes.length; i++) {
      if (bytes[i] !== magic.bytes.charCodeAt(i)) return false;
    }
    return true;
  })?.is;
}
