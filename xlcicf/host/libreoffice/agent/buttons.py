"""Menu and toolbar: what is pressed goes to the process of xlcicf that carries commands out.

That process begins with the first spreadsheet that is open and ends with the last one.
"""

# pyright: reportMissingImports=false

import threading
from urllib.parse import unquote

import unohelper
from com.sun.star.frame import FeatureStateEvent, XDispatch, XDispatchProvider
from com.sun.star.lang import XInitialization, XServiceInfo
from com.sun.star.task import XJob
from com.sun.star.view import XSelectionChangeListener
from xlcicf_agent import functions
from xlcicf_agent.operations import SPREADSHEET, operations_of
from xlcicf_agent.processes import Gone, Process, sentence_of
from xlcicf_agent.settings import SETTINGS

HANDLER, WATCHER = "org.xlcicf.Dispatch", "org.xlcicf.Watcher"
PROTOCOL = "org.xlcicf.nn:"
OK, CANCEL = 1, 2  # com.sun.star.awt.PushButtonType
OF_RUNS = ("stop", "undo", "redo", "reset")  # grey until the process has said otherwise


class Agent:
    """One for LibreOffice: the process of the commands, and what the controls of each document look like."""

    def __init__(self, context):
        self.context, self.operations = context, operations_of(context)
        self.operations.shown = self._shown
        self._lock, self._process = threading.Lock(), None
        self._states, self._texts = {}, {}  # document's ID -> control -> whether it can be pressed; its text
        self.listeners = []  # (listener, URL, document's ID)

    # --- the process

    def process(self):
        with self._lock:
            if self._process is None or not self._process.is_there:
                command = [SETTINGS["python"], "-P", "-m", "xlcicf.addin.command_process"]
                process = self._process = Process(self.context, command, self.operations)
                threading.Thread(target=process.serve, daemon=True).start()
            return self._process

    def say(self, message):
        try:
            self.process().say(message)
        except Gone:  # it has ended between two looks
            self.process().say(message)

    def end(self):
        """Both processes end when the last spreadsheet is closed."""
        with self._lock:
            if self._process is not None:
                self._process.end()
            self._process = None
        functions.end()

    # --- controls

    def look(self, document):
        self.say({"do": "look", "book": document.RuntimeUID})

    def state(self, id, control):
        return self._states.get(id, {}).get(control, control not in OF_RUNS)

    def text(self, id, control):
        return self._texts.get(id, {}).get(control, "")

    def _shown(self, id, can_be_pressed, texts):
        self._states[id], self._texts[id] = can_be_pressed, texts
        for listener, url, of in list(self.listeners):
            if of == id:
                self.tell(listener, url, of)

    def tell(self, listener, url, id):
        event = FeatureStateEvent()
        event.FeatureURL, event.IsEnabled = url, self.state(id, control_of(url)[0])
        try:
            listener.statusChanged(event)
        except Exception:  # its window is gone
            self.forget(listener)

    def forget(self, listener):
        self.listeners = [kept for kept in self.listeners if kept[0] != listener]

    def closed(self, id):
        self._states.pop(id, None)
        self._texts.pop(id, None)
        self.operations.windows.forget(id)
        self.operations.steps.forget(id)
        self.listeners = [kept for kept in self.listeners if kept[2] != id]


_agents = []


def agent_of(context):
    if not _agents:
        _agents.append(Agent(context))
    return _agents[0]


def control_of(url):
    """(name, text or None) of a command's address."""
    name, mark, text = url.Complete[len(PROTOCOL) :].partition("?")
    return name, unquote(text) if mark else None


class Dispatch(unohelper.Base, XDispatchProvider, XDispatch, XInitialization, XServiceInfo):
    """The commands of one window."""

    def __init__(self, context, *_arguments):
        self.agent, self.frame = agent_of(context), None

    def initialize(self, arguments):
        self.frame = arguments[0] if arguments else None

    def queryDispatch(self, url, _target, _flags):
        return self if url.Complete.startswith(PROTOCOL) else None

    def queryDispatches(self, requests):
        return tuple(self.queryDispatch(r.FeatureURL, r.FrameName, r.SearchFlags) for r in requests)

    def dispatch(self, url, arguments):
        document = self._document()
        if document is None:
            return
        name, text = control_of(url)
        given = {argument.Name: argument.Value for argument in arguments}
        text = given.get("Text", text)
        if text is None and name in SETTINGS["boxes"]:
            shown = self.agent.text(document.RuntimeUID, name)
            text = typed(self.agent.context, self.frame, SETTINGS["boxes"][name], shown)
            if text is None:
                return
        self.agent.say({"do": "press", "control": name, "text": text or "", "book": document.RuntimeUID})

    def addStatusListener(self, listener, url):
        document = self._document()
        if document is not None:
            self.agent.listeners.append((listener, url, document.RuntimeUID))
            self.agent.tell(listener, url, document.RuntimeUID)

    def removeStatusListener(self, listener, _url):
        self.agent.forget(listener)

    def _document(self):
        controller = self.frame.Controller if self.frame is not None else None
        model = controller.Model if controller is not None else None
        return model if model is not None and model.supportsService(SPREADSHEET) else None

    def getImplementationName(self):
        return HANDLER

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self):
        return ("com.sun.star.frame.ProtocolHandler",)


class Selection(unohelper.Base, XSelectionChangeListener):
    """Has the controls of a document follow what is selected in it."""

    def __init__(self, agent, document):
        self.agent, self.document = agent, document

    def selectionChanged(self, _event):
        self.agent.look(self.document)

    def disposing(self, _event):
        pass


class Watcher(unohelper.Base, XJob, XServiceInfo):
    """Hears of documents: the first one starts the processes, the last one ends them."""

    def __init__(self, context, *_arguments):
        self.context = context

    def execute(self, arguments):
        told = {part.Name: part.Value for part in arguments}
        environment = {part.Name: part.Value for part in told.get("Environment", ())}
        document, event = environment.get("Model"), environment.get("EventName")
        if document is not None and document.supportsService(SPREADSHEET):
            try:
                self._happened(document, event)
            except Exception as error:  # a document shall open, whatever we do
                print(f"xlcicf: {sentence_of(error)}")

    def _happened(self, document, event):
        agent = agent_of(self.context)
        if event == "OnUnload":
            agent.closed(document.RuntimeUID)
            others = [d for d in agent.operations.documents() if d.RuntimeUID != document.RuntimeUID]
            if not others:
                agent.end()
            return
        if event == "OnLoad":
            functions.reenter(document)  # what LibreOffice did not know when it opened them
        if event in ("OnLoad", "OnNew"):
            functions.start(self.context)
        if event == "OnViewCreated":
            document.CurrentController.addSelectionChangeListener(Selection(agent, document))
        agent.look(document)

    def getImplementationName(self):
        return WATCHER

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self):
        return ("com.sun.star.task.Job",)


# --- a box in which a text is typed -----------------------------------------------------------------------


def typed(context, frame, box, text):
    """What the person types into a dialog with one field; None where they press Cancel.

    box  {"label": ..., "tip": ...}
    """
    manager = context.ServiceManager
    model = manager.createInstanceWithContext("com.sun.star.awt.UnoControlDialogModel", context)
    model.Title, model.Width, model.Height = box["label"], 220, 74

    def add(service, name, left, top, width, height, **properties):
        part = model.createInstance(f"com.sun.star.awt.UnoControl{service}Model")
        part.PositionX, part.PositionY, part.Width, part.Height = left, top, width, height
        for key, value in properties.items():
            setattr(part, key, value)
        model.insertByName(name, part)

    add("FixedText", "tip", 6, 4, 208, 30, Label=box["tip"], MultiLine=True)
    add("Edit", "text", 6, 36, 208, 14, Text=text)
    add("Button", "ok", 112, 55, 50, 14, PushButtonType=OK, DefaultButton=True)
    add("Button", "cancel", 164, 55, 50, 14, PushButtonType=CANCEL)
    dialog = manager.createInstanceWithContext("com.sun.star.awt.UnoControlDialog", context)
    dialog.setModel(model)
    dialog.createPeer(frame.ContainerWindow.Toolkit, frame.ContainerWindow)
    dialog.getControl("text").setFocus()
    try:
        return dialog.getControl("text").Text if dialog.execute() == 1 else None
    finally:
        dialog.dispose()
