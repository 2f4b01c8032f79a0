// Which Python classes and functions are known to do harm when a pickle names them. The table is made from the modules of
// Python's standard library and of the packages that pickles most often come from. What is not in it is not thereby safe.

/** What a dangerous class or function can do, for people to read. */
export type Danger =
  | "runs commands"
  | "runs code"
  | "loads code"
  | "calls what it is given"
  | "reaches any attribute"
  | "reaches files"
  | "reaches the network"
  | "reads pickles"
  | "reaches memory"
  | "reaches the process";

/** All of a module and of its submodules, but for the names after the colon, which only hold data. */
const modules: Readonly<Record<Danger, readonly string[]>> = {
  "runs commands": [
    "os: PathLike fspath sched_param stat_result statvfs_result terminal_size times_result uname_result",
    "posix: sched_param stat_result statvfs_result terminal_size times_result uname_result",
    "nt: stat_result terminal_size times_result uname_result",
    ..."_posixsubprocess _winapi asyncio.base_subprocess asyncio.subprocess asyncio.unix_events".split(" "),
    ..."asyncio.windows_events asyncio.windows_utils commands distutils ensurepip fabric invoke".split(" "),
    ..."multiprocessing numpy.distutils numpy.f2py os2 paramiko pexpect pip plumbum popen2 pty".split(" "),
    ..."setuptools sh subprocess torch.multiprocessing torch.utils.cpp_extension venv webbrowser".split(" "),
    "antigravity",
  ],
  "runs code": [
    ..."IPython _pytest bdb cProfile cgitb code codeop doctest idlelib pandas.core.computation".split(" "),
    ..."numpy.testing pdb profile pydoc pytest runpy test.support tkinter _tkinter timeit torch.jit trace".split(
      " ",
    ),
    ..."torch._inductor torch.distributed.rpc".split(" "),
  ],
  "loads code": [
    ..."_frozen_importlib _frozen_importlib_external _imp compileall imp importlib keras.models".split(" "),
    ..."keras.saving logging.config modulefinder pkg_resources pkgutil py_compile site torch.hub".split(" "),
    "zipimport",
  ],
  "calls what it is given": ["_thread", "atexit", "dummy_thread", "sched", "thread", "threading"],
  "reaches any attribute": [
    "gc",
    "sys: flags float_info hash_info hexversion int_info intern maxsize maxunicode version version_info",
  ],
  "reaches files": [
    "io: BytesIO StringIO",
    "_io: BytesIO StringIO",
    "pathlib: Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "pathlib._local: Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath",
    "tarfile: TarInfo",
    "zipfile: ZipInfo",
    ..."_sqlite3 dbm fileinput linecache mmap readline shutil sqlite3 tempfile tensorflow.io".split(" "),
    ..."tensorflow.python.lib.io winreg _winreg".split(" "),
  ],
  "reaches the network": [
    ..."_socket _ssl aiohttp asynchat asyncore asyncio.selector_events asyncio.streams ftplib".split(" "),
    ..."http.client http.server httplib httpx imaplib nntplib poplib requests.api smtpd smtplib".split(" "),
    ..."socket socketserver SocketServer ssl telnetlib urllib.request urllib2 urllib3.connection".split(" "),
    ..."urllib3.poolmanager wsgiref xmlrpc xmlrpclib SimpleXMLRPCServer BaseHTTPServer".split(" "),
  ],
  "reads pickles": [
    "pickle: PickleBuffer",
    "_pickle: PickleBuffer",
    ..."cPickle cloudpickle dill jsonpickle marshal numpy.lib.format numpy.lib.npyio".split(" "),
    ..."pandas.io.pickle shelve torch.package torch.serialization yaml".split(" "),
  ],
  "reaches memory": ["_ctypes", "cffi", "_cffi_backend", "ctypes", "numpy.ctypeslib"],
  "reaches the process": ["faulthandler", "fcntl", "resource", "signal", "_signal", "msvcrt", "tracemalloc"],
};

/** Single classes and functions of modules that are otherwise not in the table. */
const names: readonly (readonly [Danger, module: string, qualnames: string])[] = [
  ["runs code", "builtins", "eval exec execfile compile breakpoint help input raw_input exit quit"],
  ["loads code", "builtins", "__import__ __build_class__ __loader__ __spec__ reload"],
  ["reaches any attribute", "builtins", "getattr setattr delattr globals locals vars"],
  ["calls what it is given", "builtins", "apply filter map reduce"],
  ["reaches files", "builtins", "open file"],
  ["runs commands", "asyncio", "create_subprocess_exec create_subprocess_shell"],
  ["runs code", "asyncio", "run run_coroutine_threadsafe to_thread"],
  ["reaches the network", "asyncio", "open_connection open_unix_connection start_server start_unix_server"],
  ["runs commands", "concurrent.futures", "ProcessPoolExecutor"],
  ["runs commands", "psutil", "Popen Process"],
  ["runs commands", "platform", "popen _syscmd_file _syscmd_ver"],
  ["reaches files", "codecs", "open"],
  ["reaches files", "_pyio", "open open_code FileIO"],
  ["reaches files", "bz2", "open BZ2File"],
  ["reaches files", "gzip", "open GzipFile"],
  ["reaches files", "lzma", "open LZMAFile"],
  ["reaches files", "tokenize", "open"],
  ["reaches files", "numpy", "fromfile genfromtxt loadtxt memmap save savetxt savez savez_compressed"],
  ["reads pickles", "numpy", "load"],
  ["reads pickles", "joblib", "load"],
  ["reads pickles", "joblib.numpy_pickle", "load"],
  ["reads pickles", "sklearn.externals.joblib", "load"],
  ["reads pickles", "pandas", "read_pickle"],
  ["runs code", "pandas", "eval"],
  ["reads pickles", "torch", "load"],
  ["reads pickles", "torch.storage", "_load_from_bytes"],
  ["runs code", "torch", "compile"],
  ["loads code", "tensorflow.keras.models", "load_model"],
  ["runs code", "dataclasses", "_create_fn make_dataclass"],
  ["runs code", "typing", "get_type_hints"],
  ["runs code", "types", "CodeType FunctionType LambdaType new_class"],
  ["calls what it is given", "types", "MethodType"],
  ["loads code", "types", "ModuleType"],
  ["calls what it is given", "functools", "partial partialmethod reduce"],
  ["calls what it is given", "_functools", "partial reduce"],
  [
    "calls what it is given",
    "itertools",
    "accumulate dropwhile filterfalse groupby ifilter imap starmap takewhile",
  ],
  ["calls what it is given", "operator", "call __call__"],
  ["calls what it is given", "_operator", "call __call__"],
  [
    "reaches any attribute",
    "operator",
    "attrgetter itemgetter methodcaller setitem delitem __setitem__ __delitem__",
  ],
  ["reaches any attribute", "_operator", "attrgetter itemgetter methodcaller setitem delitem"],
  ["reaches any attribute", "inspect", "currentframe getattr_static getmembers stack trace"],
  ["reaches any attribute", "unittest.mock", "patch _importer"],
  ["calls what it is given", "weakref", "finalize WeakMethod"],
  ["reaches the network", "requests", "delete get head options patch post put request"],
  ["reaches the network", "urllib", "URLopener FancyURLopener urlopen urlretrieve"],
  [
    "reaches any attribute",
    "copyreg",
    "add_extension remove_extension clear_extension_cache pickle constructor",
  ],
];

/** Attributes by which any object leads to the rest of the interpreter. */
const internals: ReadonlySet<string> = new Set(
  (
    "__base__ __bases__ __builtins__ __class__ __closure__ __code__ __delattr__ __dict__ __func__ __getattr__ " +
    "__getattribute__ __globals__ __import__ __init_subclass__ __loader__ __mro__ __self__ __setattr__ __spec__ " +
    "__subclasses__ __wrapped__ cr_frame f_back f_builtins f_globals f_locals func_code func_globals gi_code " +
    "gi_frame im_func im_self mro tb_frame"
  ).split(" "),
);

/** Modules that many modules import, and so hold as an attribute. */
const imported: ReadonlySet<string> = new Set(
  "builtins ctypes importlib io marshal nt os pickle posix shutil socket subprocess sys threading".split(" "),
);

/** A module's name in Python 3, where Python 2 knew it by another. */
const renamed: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["__builtins__", "builtins"],
  ["copy_reg", "copyreg"],
]);

/** A name of more parts than this is no class's. */
const MOST_PARTS = 32;

interface Whole {
  readonly danger: Danger;
  readonly except: ReadonlySet<string>;
}

const whole: ReadonlyMap<string, Whole> = new Map(
  (Object.entries(modules) as [Danger, string[]][]).flatMap(([danger, rows]) =>
    rows.map((row) => {
      const [module = "", except = ""] = row.split(":");
      return [module, { danger, except: new Set(except.trim().split(" ")) }] as const;
    }),
  ),
);

const single: ReadonlyMap<string, Danger> = new Map(
  names.flatMap(([danger, module, qualnames]) =>
    qualnames.split(" ").map((qualname) => [`${module}.${qualname}`, danger] as const),
  ),
);

/**
 * What a class or function is known to do that makes it dangerous in a pickle. Undefined for one that the table does not
 * have: it may be dangerous all the same.
 *
 * A dotted `qualname` is followed as Python does, attribute by attribute: `os.system` in the module `json.decoder` is
 * found as well.
 */
export function dangerOf(module: string, qualname: string): Danger | undefined {
  const moduleParts = module.split(".", MOST_PARTS + 1);
  const nameParts = qualname.split(".", MOST_PARTS + 1);
  if (moduleParts.length > MOST_PARTS || nameParts.length > MOST_PARTS) return "reaches any attribute";
  moduleParts[0] = renamed.get(moduleParts[0] as string) ?? (moduleParts[0] as string);
  const found = dangerOfPath([...moduleParts, ...nameParts]);
  if (found) return found;
  for (let i = 0; i < nameParts.length; i++) {
    const part = nameParts[i] as string;
    if (internals.has(part) || imported.has(part)) {
      return dangerOfPath(nameParts.slice(i)) ?? "reaches any attribute";
    }
    if (i === 0) continue;
    const within = dangerOfPath(nameParts.slice(i));
    if (within) return within;
  }
  return undefined;
}

/** Looks a full name up, split into module and the rest in each way, the longest module first. */
function dangerOfPath(parts: readonly string[]): Danger | undefined {
  for (let i = parts.length - 1; i > 0; i--) {
    const module = parts.slice(0, i).join(".");
    const all = whole.get(module);
    if (all) return all.except.has(parts.slice(i).join(".")) ? undefined : all.danger;
    const one = single.get(`${module}.${parts[i]}`);
    if (one) return one;
  }
  return undefined;
}
