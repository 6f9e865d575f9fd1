"""What a hostile pickle may call, by class: drawn for the held-out samples, never imported nor called."""

from __future__ import annotations

CALLS: dict[str, str] = {
    "shell": "os.system posix.system nt.system os.popen os.execvp os.spawnlp os.posix_spawn posix.execv"
    " subprocess.Popen subprocess.run subprocess.getoutput subprocess.check_call _posixsubprocess.fork_exec"
    " commands.getoutput popen2.popen3 pty.spawn asyncio.create_subprocess_shell"
    " asyncio.subprocess.create_subprocess_exec multiprocessing.util.spawnv_passfds platform.popen"
    " uuid._get_command_stdout ctypes.util._run _aix_support._read_cmd_output _osx_support._read_output"
    " distutils.spawn.spawn setuptools._distutils.spawn.spawn numpy.distutils.exec_command.exec_command"
    " pydoc.pipepager pydoc.tempfilepager webbrowser.open antigravity.webbrowser.open"
    " test.support.script_helper.assert_python_ok _pyrepl.pager.pipe_pager torch.utils.collect_env.run"
    " matplotlib.cbook._check_and_log_subprocess joblib.externals.loky.backend.context.subprocess.run",
    "evaluation": "builtins.eval builtins.exec builtins.compile __builtin__.eval __builtin__.execfile"
    " builtins.__import__ builtins.breakpoint code.interact code.InteractiveInterpreter"
    " codeop.compile_command"
    " timeit.timeit timeit.repeat timeit.main cProfile.run cProfile.runctx profile.run pdb.run pdb.runeval"
    " bdb.Bdb.run trace.Trace.run doctest.debug_script doctest.testfile runpy.run_path runpy._run_code"
    " pandas.eval pandas.core.computation.eval.eval numpy.testing._private.utils.runstring"
    " numpy.f2py.crackfortran.myeval numpy.f2py.crackfortran.param_eval"
    " numpy.f2py.crackfortran.getlincoef sympy.sympify sympy.parsing.sympy_parser.parse_expr"
    " torch.fx.graph_module._exec_with_source torch.fx._symbolic_trace._Eval"
    " scipy._lib._util.getargspec_no_self"
    " matplotlib.mathtext.exec networkx.utils.decorators.argmap._do_compile jinja2.Template"
    " torch._inductor.codecache.compile_file torch.utils._config_module.load_config"
    " torch.jit.unsupported_tensor_ops.execWrapper torch.jit._script.CompilationUnit"
    " lib2to3.pgen2.pgen.ParserGenerator.make_label dataclasses._create_fn collections.namedtuple.eval"
    " typing.ForwardRef._evaluate typing._eval_type inspect.formatargspec idlelib.run.Executive.runcode",
    "import": "importlib.import_module importlib.__import__ importlib._bootstrap._gcd_import"
    " importlib.util.spec_from_file_location imp.load_source imp.load_dynamic pkgutil.resolve_name"
    " pkgutil.get_loader zipimport.zipimporter.load_module pydoc.locate pydoc.safeimport pydoc.importfile"
    " site.addsitedir site.addpackage site.execsitecustomize ensurepip.bootstrap venv.create"
    " pip.main pip._internal.main pip._internal.cli.main.main ctypes.CDLL ctypes.PyDLL"
    " ctypes.cdll.LoadLibrary _ctypes.dlopen numpy.ctypeslib.load_library cffi.FFI"
    " torch.ops.load_library torch.utils.cpp_extension.load_inline torch.hub.load"
    " logging.config.dictConfig logging.config._resolve django.utils.module_loading.import_string"
    " hydra.utils.instantiate sklearn.utils._testing.import_module xml.sax.make_parser"
    " unittest.loader.TestLoader.loadTestsFromName unittest.mock._importer encodings.search_function"
    " sqlite3.enable_load_extension sklearn.externals.joblib.load"
    " pandas.compat._optional.import_optional_dependency",
    "loading": "pickle.loads _pickle.loads _pickle.Unpickler pickle._Unpickler pickle.load cPickle.loads"
    " marshal.loads dill.loads dill._dill._create_function dill._dill._import_module cloudpickle.loads"
    " cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle._builtin_type"
    " cloudpickle.cloudpickle.subimport cloudpickle.cloudpickle._make_skeleton_class joblib.load"
    " joblib.numpy_pickle.load numpy.load numpy.lib.npyio.load pandas.read_pickle"
    " pandas.io.pickle.read_pickle torch.load torch.serialization.load"
    " torch.storage._load_from_bytes torch.jit.load torch.package.PackageImporter shelve.open"
    " yaml.unsafe_load yaml.load jsonpickle.decode types.FunctionType types.CodeType types.LambdaType"
    " sklearn.datasets.load_files statsmodels.iolib.smpickle.load_pickle"
    " multiprocessing.reduction.ForkingPickler.loads multiprocessing.connection.Client"
    " keras.models.load_model",
    "files": "builtins.open io.open _io.FileIO io.FileIO _io.open_code os.open os.remove os.unlink os.rename"
    " posix.unlink shutil.rmtree shutil.copyfile shutil.move shutil.unpack_archive pathlib.Path.write_text"
    " pathlib.Path.unlink pathlib.PosixPath.read_text tempfile.NamedTemporaryFile codecs.open"
    " fileinput.input linecache.getlines tarfile.open zipfile.ZipFile logging.FileHandler"
    " logging.handlers.RotatingFileHandler numpy.savetxt numpy.save numpy.memmap numpy.core.memmap"
    " numpy.fromfile numpy.ndarray.tofile pandas.read_csv pandas.io.common.get_handle"
    " torch.save torch.from_file torch.UntypedStorage.from_file py_compile.compile compileall.compile_dir"
    " os.symlink os.chmod os.putenv posix.putenv distutils.file_util.write_file mmap.mmap glob.glob",
    "network": "socket.create_connection socket.socket _socket.socket urllib.request.urlopen"
    " urllib.request.urlretrieve urllib.urlopen urllib2.urlopen http.client.HTTPSConnection"
    " httplib.HTTPConnection ftplib.FTP smtplib.SMTP telnetlib.Telnet poplib.POP3 imaplib.IMAP4"
    " xmlrpc.client.ServerProxy ssl.get_server_certificate requests.get requests.api.request"
    " aiohttp.ClientSession httpx.get urllib3.PoolManager asyncio.open_connection"
    " socketserver.TCPServer wsgiref.simple_server.make_server multiprocessing.connection.Listener"
    " multiprocessing.managers.BaseManager logging.handlers.SocketHandler logging.config.listen"
    " torch.hub.load_state_dict_from_url torch.distributed.rpc.rpc_sync fsspec.open"
    " sklearn.datasets.fetch_openml pandas.read_html numpy.DataSource.open numpy.lib._datasource.open",
    "indirect": "builtins.getattr builtins.setattr builtins.delattr builtins.vars builtins.globals"
    " builtins.__dict__ builtins.type __builtin__.getattr __builtin__.apply __builtin__.reduce"
    " operator.attrgetter operator.methodcaller operator.itemgetter operator.call _operator.attrgetter"
    " functools.partial functools.reduce _functools.reduce itertools.starmap itertools.accumulate"
    " copyreg._reconstructor.__globals__ copyreg.add_extension copyreg.pickle types.MethodType"
    " types.SimpleNamespace types.DynamicClassAttribute weakref.finalize atexit.register"
    " signal.signal threading.Thread threading.Timer _thread.start_new_thread sys.setprofile sys.settrace"
    " gc.get_objects inspect.currentframe sys._getframe concurrent.futures.ThreadPoolExecutor"
    " concurrent.futures.process._process_worker multiprocessing.Process asyncio.run sched.scheduler"
    " contextlib.ExitStack.callback unittest.mock.patch numpy.vectorize numpy.apply_along_axis"
    " numpy.frompyfunc numpy.fromfunction numpy.piecewise pandas.DataFrame.pipe pandas.DataFrame.eval"
    " pandas.Series.apply sklearn.preprocessing.FunctionTransformer sklearn.pipeline.make_pipeline"
    " torch.utils._pytree.tree_map torch.nn.Module.apply torch.autograd.function.Function.apply"
    " joblib.parallel.BatchedCalls joblib.Memory scipy.optimize.minimize",
    "chained": "collections:_sys.modules collections:OrderedDict.__init__.__globals__"
    " collections:abc.sys.modules.get numpy:__builtins__.__getitem__ numpy:__dict__.get"
    " numpy:os.system numpy:core.multiarray.os.system numpy:f2py.crackfortran.eval"
    " numpy:__loader__.get_data numpy:lib.format.pickle.loads numpy.random:_pickle.__builtins__.get"
    " sklearn:__spec__.loader.load_module sklearn.utils:os.system pandas:core.common.builtins.eval"
    " pandas:io.common.os.system torch:os.system torch:_utils.sys.modules.get torch:serialization.os.remove"
    " random:_os.system random:Random.__init__.__globals__ datetime:sys.modules.get json:codecs.open"
    " copyreg:_reconstructor.__globals__.get decimal:__loader__.create_module uuid:os.system"
    " enum:sys.modules.get fractions:Decimal.__class__.__subclasses__ builtins:object.__subclasses__"
    " builtins:type.mro builtins:dict.__class__.__call__ builtins:int.__class__.__base__.__subclasses__"
    " collections:OrderedDict.__reduce_ex__.__self__ collections:namedtuple.__globals__.get"
    " scipy.sparse:_sputils.np.os.system joblib:os.system pathlib:os.system statistics:sys.modules.get"
    " numpy.core.multiarray:_reconstruct.__self__.__loader__ datetime:datetime.__reduce__.__class__",
    "state": "functools:partial.__setstate__ builtins:object.__setattr__ builtins:type.__setattr__"
    " collections:OrderedDict.update builtins:dict.__setitem__ sys:modules.update sys:modules.__setitem__"
    " os:environ.update os:environ.__setitem__ sys:path.append sys:meta_path.append sys:path_hooks.insert"
    " builtins:__build_class__ sys:stdout.write sys:modules.clear warnings:filters.clear"
    " copyreg:dispatch_table.update copyreg:_extension_registry.update encodings:_cache.update"
    " linecache:cache.update sys:exit os:_exit os:abort os:kill os:fork posix:_exit builtins:quit"
    " faulthandler:_sigsegv ctypes:string_at ctypes:memmove gc:freeze resource:setrlimit"
    " sys:setrecursionlimit",
}


def calls() -> list[tuple[str, str, str]]:
    """(class, module, name) of each; a colon parts the module from a dotted name, else the last dot."""
    found = []
    for kind, names in CALLS.items():
        for name in names.split():
            module, _, attribute = name.rpartition(".") if ":" not in name else name.partition(":")
            found.append((kind, module, attribute))
    return found
