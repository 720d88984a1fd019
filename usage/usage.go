// Package usage describes what a program asks of the kernel: which system
// calls, and which code makes them. A static reading of a binary and a
// recording of a run both end in a Usage; policies are made from it. It can be
// read as a table of calls, turned round into one of packages or modules
// (ByPackage, ByModule), or asked for one call (Why).
package usage

import "slices"

// A Phase is the part of a program's life that a usage covers.
type Phase string

// The phases.
const (
	Exec   Phase = "exec"   // from the program's first instruction on
	Main   Phase = "main"   // from main.main on
	Locked Phase = "locked" // from the lock-down point on
	Joined Phase = "joined" // from some moment on, at which a recorder joined the running program
)

// phases has those with the most in them first.
var phases = []Phase{Exec, Main, Locked, Joined}

// An Origin says where a system call comes from.
type Origin string

// The origins. The zero Origin means the program's own code.
const (
	Code     Origin = ""       // an instruction of the program
	VDSO     Origin = "vdso"   // the vDSO, code of the kernel's in every process, falls back on it
	Kernel   Origin = "kernel" // the kernel makes the program issue it
	Loader   Origin = "loader" // the dynamic loader, before the program's first instruction
	Launcher Origin = "launcher"
)

// A Usage is what one program can do, or did. In JSON it is the stable form
// that the command prints; fields may be added, none is renamed. A file of usages
// holds one or more of them, one after the other: a recording has one for each
// program that ran (or process, if asked for).
type Usage struct {
	// Version is that of the JSON form: see Version. 0 is 1.
	Version   int    `json:"version,omitempty"`
	Binary    string `json:"binary"`
	GoVersion string `json:"goVersion"` // "" if it is not Go's
	Arch      string `json:"arch"`
	Phase     Phase  `json:"phase"`
	// Assumes is what the scan took for granted: "env" that nobody sets GODEBUG or
	// GOTRACEBACK; "dlopen=FILE" that where it cannot be told which library code loads,
	// it is this one, or another one that is given so, or none ("dlopen=none"). Where
	// that is not so, Syscalls is incomplete.
	Assumes []string `json:"assumes,omitempty"`
	// SHA256 is that of the binary's file, in hex, in a usage that was recorded;
	// "" where it could not be read, and where the usage is of several binaries.
	SHA256 string `json:"sha256,omitempty"`

	// Process is set where a recording tells processes apart.
	Process *Process `json:"process,omitempty"`
	// Recordings are those that were united here, sorted by ID: none in a usage
	// that was scanned.
	Recordings []Recording `json:"recordings,omitempty"`
	// Dropped says what merging left out, if anything.
	Dropped *Dropped `json:"dropped,omitempty"`

	// Children are the programs that it starts and whose needs are in here too.
	Children []string `json:"children,omitempty"`

	// Syscalls is sorted by name. It is never nil in a Usage that was scanned.
	Syscalls []Syscall `json:"syscalls"`
	// Launcher is the call that starts the program: whoever starts it makes
	// it, so it is no part of the program's policy.
	Launcher []string `json:"launcher,omitempty"`
	// Loader is the dynamic loader whose calls are counted in phase exec, nil
	// where the program starts without one.
	Loader *LoaderFile `json:"loader,omitempty"`
	// Libraries are the other files that the result rests on, where the program has
	// C code: the libraries, and what says which of them are loaded.
	Libraries []LoaderFile `json:"libraries,omitempty"`
	// LockDown says where phase locked begins, in that phase.
	LockDown *LockDown `json:"lockDown,omitempty"`
	// Unresolved lists the code whose system calls could not be told. While
	// there is any, Syscalls may be incomplete.
	Unresolved []Unresolved `json:"unresolved"`
}

// A LoaderFile is the file of a dynamic loader or of a library. The calls are those
// of this very file: another one may make others.
type LoaderFile struct {
	Path    string `json:"path"`
	SHA256  string `json:"sha256,omitempty"`  // in hex, "" where the file could not be read
	BuildID string `json:"buildID,omitempty"` // likewise, of a library that has one
	Loaded  Loaded `json:"loaded,omitempty"`  // of a library: why
	By      string `json:"by,omitempty"`      // and by which other, or by the program
}

// Loaded says why a library is loaded.
type Loaded string

// The reasons to load a library.
const (
	LoadedAsNeeded  Loaded = "needed"  // another one names it as needed
	LoadedAsLoader  Loaded = "loader"  // it loads the others
	LoadedAsPreload Loaded = "preload" // /etc/ld.so.preload has it
	LoadedByNSS     Loaded = "nss"     // nsswitch.conf has its service
	LoadedByLibc    Loaded = "libc"    // the C library asks for it by name
	LoadedByGconv   Loaded = "gconv"   // it converts characters for the C library
	LoadedByDlopen  Loaded = "dlopen"  // code loads it by a name that could be told
	LoadedAsAssumed Loaded = "assumed" // the scan was told that it may be loaded
)

// A LockDown is where a program is locked down.
type LockDown struct {
	// Places are the calls that lock down, those of which some code can come first.
	Places []Frame `json:"places"`
	// Since is the phase from which on calls are counted: Locked, or a wider one
	// where it cannot be told what is waiting for the lock-down to be done.
	Since Phase `json:"since"`
}

// DropLoader takes away the calls that only the dynamic loader makes: it is
// done when the program's own first instruction runs.
func (u *Usage) DropLoader() {
	u.Syscalls = slices.DeleteFunc(u.Syscalls, func(s Syscall) bool { return s.Origin == Loader })
}

// A Syscall is one system call that a program makes.
type Syscall struct {
	Name string `json:"name"`
	Nr   uint32 `json:"nr"`
	// Arch is set where the call is another architecture's than the program, as
	// "386" for one that a 64-bit program makes with INT 0x80. Name and Nr are
	// that architecture's.
	Arch     string     `json:"arch,omitempty"`
	Origin   Origin     `json:"origin,omitempty"`
	Evidence []Evidence `json:"evidence"`
	// By lists the packages that bring the call in: see Source.
	By []Source `json:"by,omitempty"`

	// Observed is set in a usage that was recorded.
	Observed *Observed `json:"observed,omitempty"`
	// Args has the arguments for which a policy can use the values (see
	// syscalls.Call.Telling), by index, each on its own. Of one that is not in
	// it nothing is known: it can have any value.
	Args []ArgValues `json:"args,omitempty"`
	// Cases are the combinations: the arguments of each call are as one of the
	// cases has them, and those that it leaves out can be any. There are none
	// where they would say no more than Args.
	Cases [][]ArgValues `json:"cases,omitempty"`
	// Stacks has the ways in which the call was seen to be made, the most
	// frequent first.
	Stacks []Stack `json:"stacks,omitempty"`
}

// A Source is a package that brings a system call in: its code leads to the
// call with nothing but the standard library in between. The standard library
// is one source, "std", for what the program's start leads to before it comes to
// any other code; of what belongs to the runtime it is the only one. Another is
// "dynamic loader", where one starts the program.
type Source struct {
	Package string `json:"package"`
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
	Binary  string `json:"binary,omitempty"` // as in Evidence
}

// Evidence is one place in the program that makes a system call.
type Evidence struct {
	Frame
	// Binary is the program that the place is in, where that is a child's.
	Binary string `json:"binary,omitempty"`
	// Note says what is special about it, in words for a reader.
	Note string `json:"note,omitempty"`
	// Chain is one shortest way from a root of the program to this place:
	// the root first, the function that holds the place last.
	Chain []Step `json:"chain,omitempty"`
	// Through lists the functions that pass the number on from this place to
	// the instruction, outermost first.
	Through []string `json:"through,omitempty"`
}

// A Frame is a place in the source of a program. Of C code there is no source: the
// file and the module are the library, the version is its build ID, and there is no
// line. A function without a name goes by its address in the library.
type Frame struct {
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Package  string `json:"package,omitempty"`
	Module   string `json:"module,omitempty"`
	Version  string `json:"version,omitempty"`
}

// A Step is one step of a chain: a function, and how it was reached from the
// one before.
type Step struct {
	Frame
	// How is "root", "call", "jump", "address" (the code before takes this
	// function's address) or "data" (a word of the program's data holds it).
	How string `json:"how"`
	// Via lists the data on the way, where How is "data": from the object to
	// which the code before refers, to the one that holds this function. In
	// the first step of a chain it is data to which no code is known to refer.
	Via []Object `json:"via,omitempty"`
	// Place is where the function goes on to the next step or, in the last
	// step, makes the system call. The frame in the function itself comes
	// first, then those of the functions that were inlined there, innermost
	// last.
	Place []Frame `json:"place,omitempty"`
}

// An Object is a piece of a program's data.
type Object struct {
	// Kind is "itab" (what makes a type usable as an interface), "type" (whose
	// methods the program may look up by name), "value" (a function value),
	// "inits" (what the runtime finds the package initialisers by), "variable"
	// or "constant".
	Kind string `json:"kind"`
	// Name is the symbol, or what is known without one: of an itab "TYPE,
	// INTERFACE", of a type its name, of a function value the function. It is
	// empty where nothing is known.
	Name    string `json:"name,omitempty"`
	Address uint64 `json:"address"`
}

// Unresolved is a place that can make system calls that could not be told.
type Unresolved struct {
	Frame
	Binary string `json:"binary,omitempty"` // as in Evidence
	Reason string `json:"reason"`
	Chain  []Step `json:"chain,omitempty"`
}

// Names returns the names of the calls, sorted, each once.
func (u *Usage) Names() []string {
	names := make([]string, 0, len(u.Syscalls))
	for _, s := range u.Syscalls {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Find returns the call of that name.
func (u *Usage) Find(name string) (Syscall, bool) {
	for _, s := range u.Syscalls {
		if s.Name == name {
			return s, true
		}
	}
	return Syscall{}, false
}

// Frequency gives how often each call was made, by its name, as far as recordings
// say, and nil where there is none.
func (u *Usage) Frequency() map[string]float64 {
	var calls map[string]float64
	for _, s := range u.Syscalls {
		if s.Observed == nil {
			continue
		}
		if calls == nil {
			calls = make(map[string]float64)
		}
		calls[s.Name] += float64(s.Observed.Calls)
	}
	return calls
}
