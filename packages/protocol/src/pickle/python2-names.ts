// All names that Python 2 knew otherwise than Python 3, as CPython's pickle tells them (`fix_imports`): for pickles of
// protocols 0 to 2 that name more than built-in types. Source: CPython 3.11 Lib/_compat_pickle.py.

import type { ClassName } from "./classes.js";
import type { NameMapping } from "./names.js";

/** Modules that were renamed: the name in Python 2, the name in Python 3. */
const modules = `
  __builtin__ builtins, copy_reg copyreg, Queue queue, SocketServer socketserver,
  ConfigParser configparser, repr reprlib, tkFileDialog tkinter.filedialog,
  tkSimpleDialog tkinter.simpledialog, tkColorChooser tkinter.colorchooser,
  tkCommonDialog tkinter.commondialog, Dialog tkinter.dialog, Tkdnd tkinter.dnd, tkFont tkinter.font,
  tkMessageBox tkinter.messagebox, ScrolledText tkinter.scrolledtext, Tkconstants tkinter.constants,
  Tix tkinter.tix, ttk tkinter.ttk, Tkinter tkinter, markupbase _markupbase, _winreg winreg,
  thread _thread, dummy_thread _dummy_thread, dbhash dbm.bsd, dumbdbm dbm.dumb, dbm dbm.ndbm,
  gdbm dbm.gnu, xmlrpclib xmlrpc.client, SimpleXMLRPCServer xmlrpc.server, httplib http.client,
  htmlentitydefs html.entities, HTMLParser html.parser, Cookie http.cookies, cookielib http.cookiejar,
  BaseHTTPServer http.server, test.test_support test.support, commands subprocess,
  urlparse urllib.parse, robotparser urllib.robotparser, urllib2 urllib.request, anydbm dbm,
  _abcoll collections.abc`;

/** Modules that Python 3 has merged into others: only the way to Python 3 is told by these. */
const merged = `
  cPickle pickle, _elementtree xml.etree.ElementTree, FileDialog tkinter.filedialog,
  SimpleDialog tkinter.simpledialog, DocXMLRPCServer xmlrpc.server, SimpleHTTPServer http.server,
  CGIHTTPServer http.server, UserDict collections, UserList collections, UserString collections,
  whichdb dbm, StringIO io, cStringIO io`;

/** Where several were merged, or a module has an inner one: only the way back is told by these. */
const chosen = `
  bz2 _bz2, dbm _dbm, functools _functools, gdbm _gdbm, pickle _pickle`;

/** Objects that moved: module and name in Python 2, module and name in Python 3. */
const objects = `
  __builtin__ xrange builtins range, __builtin__ reduce functools reduce,
  __builtin__ intern sys intern, __builtin__ unichr builtins chr, __builtin__ unicode builtins str,
  __builtin__ long builtins int, itertools izip builtins zip, itertools imap builtins map,
  itertools ifilter builtins filter, itertools ifilterfalse itertools filterfalse,
  itertools izip_longest itertools zip_longest, UserDict IterableUserDict collections UserDict,
  UserList UserList collections UserList, UserString UserString collections UserString,
  whichdb whichdb dbm whichdb, _socket fromfd socket fromfd,
  _multiprocessing Connection multiprocessing.connection Connection,
  multiprocessing.process Process multiprocessing.context Process,
  multiprocessing.forking Popen multiprocessing.popen_fork Popen,
  urllib ContentTooShortError urllib.error ContentTooShortError,
  urllib getproxies urllib.request getproxies, urllib pathname2url urllib.request pathname2url,
  urllib quote_plus urllib.parse quote_plus, urllib quote urllib.parse quote,
  urllib unquote_plus urllib.parse unquote_plus, urllib unquote urllib.parse unquote,
  urllib url2pathname urllib.request url2pathname, urllib urlcleanup urllib.request urlcleanup,
  urllib urlencode urllib.parse urlencode, urllib urlopen urllib.request urlopen,
  urllib urlretrieve urllib.request urlretrieve, urllib2 HTTPError urllib.error HTTPError,
  urllib2 URLError urllib.error URLError,
  multiprocessing AuthenticationError multiprocessing.context AuthenticationError,
  multiprocessing BufferTooShort multiprocessing.context BufferTooShort,
  multiprocessing ProcessError multiprocessing.context ProcessError,
  multiprocessing TimeoutError multiprocessing.context TimeoutError`;

/** Objects that Python 3 has merged into others. */
const mergedObjects = `
  __builtin__ basestring builtins str, exceptions StandardError builtins Exception,
  UserDict UserDict collections UserDict, socket _socketobject socket SocketType`;

/** Objects of Python 3 that stood elsewhere, or as something wider. */
const chosenObjects = `
  __builtin__ reduce _functools reduce, FileDialog FileDialog tkinter.filedialog FileDialog,
  FileDialog LoadFileDialog tkinter.filedialog LoadFileDialog,
  FileDialog SaveFileDialog tkinter.filedialog SaveFileDialog,
  SimpleDialog SimpleDialog tkinter.simpledialog SimpleDialog,
  DocXMLRPCServer ServerHTMLDoc xmlrpc.server ServerHTMLDoc,
  DocXMLRPCServer XMLRPCDocGenerator xmlrpc.server XMLRPCDocGenerator,
  DocXMLRPCServer DocXMLRPCRequestHandler xmlrpc.server DocXMLRPCRequestHandler,
  DocXMLRPCServer DocXMLRPCServer xmlrpc.server DocXMLRPCServer,
  DocXMLRPCServer DocCGIXMLRPCRequestHandler xmlrpc.server DocCGIXMLRPCRequestHandler,
  SimpleHTTPServer SimpleHTTPRequestHandler http.server SimpleHTTPRequestHandler,
  CGIHTTPServer CGIHTTPRequestHandler http.server CGIHTTPRequestHandler,
  socket _socketobject _socket socket, exceptions ImportError builtins ModuleNotFoundError`;

/** The exceptions, which were in a module of their own. */
const exceptions = `
  ArithmeticError, AssertionError, AttributeError, BaseException, BufferError, BytesWarning,
  DeprecationWarning, EOFError, EnvironmentError, Exception, FloatingPointError, FutureWarning,
  GeneratorExit, IOError, ImportError, ImportWarning, IndentationError, IndexError, KeyError,
  KeyboardInterrupt, LookupError, MemoryError, NameError, NotImplementedError, OSError, OverflowError,
  PendingDeprecationWarning, ReferenceError, RuntimeError, RuntimeWarning, StopIteration, SyntaxError,
  SyntaxWarning, SystemError, SystemExit, TabError, TypeError, UnboundLocalError, UnicodeDecodeError,
  UnicodeEncodeError, UnicodeError, UnicodeTranslateError, UnicodeWarning, UserWarning, ValueError,
  Warning, ZeroDivisionError`;

/** Exceptions that Python 2 knew only as an OSError. */
const osErrors = `
  BrokenPipeError, ChildProcessError, ConnectionAbortedError, ConnectionError, ConnectionRefusedError,
  ConnectionResetError, FileExistsError, FileNotFoundError, InterruptedError, IsADirectoryError,
  NotADirectoryError, PermissionError, ProcessLookupError, TimeoutError`;

function rows(text: string): string[][] {
  return text.split(",").map((row) => row.trim().split(/\s+/));
}

function modulesBy(from: 0 | 1, ...texts: string[]): ReadonlyMap<string, string> {
  return new Map(texts.flatMap(rows).map((row) => [row[from] ?? "", row[1 - from] ?? ""]));
}

function objectsBy(from: 0 | 2, ...texts: string[]): ReadonlyMap<string, ClassName> {
  const to = 2 - from;
  return new Map(
    texts.flatMap(rows).map((row) => [`${row[from]} ${row[from + 1]}`, [row[to] ?? "", row[to + 1] ?? ""]]),
  );
}

const inExceptions = (names: string, as?: string): string =>
  rows(names)
    .map(([name]) => `exceptions ${as ?? name} builtins ${name}`)
    .join();

const mapping = (
  objectNames: ReadonlyMap<string, ClassName>,
  moduleNames: ReadonlyMap<string, string>,
): NameMapping["toPython3"] => {
  return (module, qualname) =>
    objectNames.get(`${module} ${qualname}`) ?? [moduleNames.get(module) ?? module, qualname];
};

/** CPython's whole table of names, to be given to `decode` and `encode` as `names`. */
export const python2Names: NameMapping = /* @__PURE__ */ (() => ({
  toPython3: mapping(
    objectsBy(0, objects, mergedObjects, inExceptions(exceptions)),
    modulesBy(0, modules, merged),
  ),
  toPython2: mapping(
    objectsBy(2, objects, inExceptions(exceptions), chosenObjects, inExceptions(osErrors, "OSError")),
    modulesBy(1, modules, chosen),
  ),
}))();
