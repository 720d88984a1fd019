package scan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// A programCase is a program below testdata and what a scan must say of it.
type programCase struct {
	name   string
	expect []expectation
	open   string // the functions that may be unresolved: no others
	// openStripped may be too where the limits of variables are not known.
	openStripped string
	// lostStripped holds the calls that are not listed then.
	lostStripped string
	// never holds the calls that the program does not make, provably where
	// there are symbols: some of the proofs need them.
	never string
	// neverStripped holds those that are known without symbols.
	neverStripped string
}

var programCases = []programCase{
	{
		name: "numbers",
		expect: []expectation{
			{calls: "getpgid getsid", because: "a variable and the stores to it"},
			{open: "main.pointed", because: "a variable that is changed through a pointer"},
			{calls: "msgsnd", open: "main.field", because: "a field of an allocated object"},
			{calls: "msgrcv", because: "a field of a struct passed by value"},
			{calls: "msgctl", open: "main.closure.func1", because: "a captured variable"},
			{calls: "acct", open: "main.direct.call", because: "the parameter of a value method called through an interface"},
			{calls: "acct", open: "main.(*twice).call", because: "the parameter of a pointer method called through an interface"},
			{calls: "sethostname", open: "main.throughValue", because: "the parameter of a function value"},
			{calls: "mq_unlink mq_timedreceive", because: "arithmetic"},
			{calls: "io_setup io_destroy io_getevents io_submit io_cancel ioprio_set ioprio_get add_key keyctl request_key", because: "a switch"},
			{calls: "semget semop semctl", open: "main.indexed", because: "a table"},
			{open: "main.sliced", because: "a slice"},
			{open: "main.mapped", because: "a map"},
			{open: "main.received", because: "a channel"},
			{open: "main.parsed", because: "text"},
			{calls: "shmget", open: "main.ofResult", because: "the result of a function"},
			{calls: "shmat shmctl", because: "a wrapper of a wrapper"},
			{calls: "getpriority fchmodat2 personality adjtimex settimeofday vhangup kcmp sched_setattr", because: "wrappers in x/sys/unix, which jump into package syscall"},
			{calls: "shmdt", because: "a parameter on the stack"},
			{calls: "swapon swapoff", because: "a value kept over a call in a loop"},
			{calls: "bpf", because: "a recursion"},
			{calls: "mlockall munlockall", because: "a result that a deferred function changes"},
			{calls: "setdomainname", open: "runtime.runPerThreadSyscall", because: "a call on all threads"},
			{calls: "quotactl", open: "main.readWhole main.writeWhole", because: "a variable that is written as a whole"},
			{calls: "setns unshare", open: "main.readSpread", because: "a variable that is written by way of a pointer to it"},
			{calls: "fanotify_init", open: "main.readBroad main.writeBroad", because: "the end of a block that is copied"},
			{calls: "pkey_alloc", open: "main.postponed", because: "a deferred call"},
			{calls: "pkey_free", open: "main.started", because: "a goroutine"},
			{open: "main.divided", because: "a division"},
			{calls: "times", open: "main.arrayed", because: "a parameter beside an array"},
			{open: "main.element", because: "an element of an array"},
			{calls: "#1000", because: "a number that no table knows"},
			{calls: "migrate_pages", because: "a number of which the kernel reads the lower half"},
			{open: "main.readField main.changeField", because: "a field of a variable to whose start a pointer is taken"},
		},
		open: "main.pointed main.field main.closure.func1 main.direct.call main.(*direct).call main.(*twice).call main.throughValue " +
			"main.indexed main.sliced main.mapped main.received main.parsed main.ofResult runtime.runPerThreadSyscall " +
			"main.readWhole main.writeWhole main.readField main.changeField main.readBroad main.writeBroad main.postponed main.started main.divided main.arrayed main.element",
		openStripped:  "main.variable main.readSpread",
		lostStripped:  "setns unshare fanotify_init",
		never:         "fork pause",
		neverStripped: "fork pause",
	},
	{
		name: "assembly",
		expect: []expectation{
			{calls: "acct", because: "a constant"},
			{calls: "read", because: "XORL AX, AX"},
			{calls: "io_setup", arch: "arm64", because: "EOR R8, R8, R8"},
			{calls: "personality pivot_root", because: "a stack argument, of two callers"},
			{calls: "sethostname setdomainname", because: "CMOV, CSEL"},
			{calls: "mlockall", because: "PUSHQ and POPQ, STP and LDP"},
			{calls: "munlockall", because: "XCHGQ, three EOR"},
			{open: "main.otherKind", because: "INT 0x80, an unknown instruction"},
			{open: "main.otherEntry", because: "SYSENTER, a jump to an authenticated pointer"},
			{calls: "swapon", because: "the first of two"},
			{open: "main.second", because: "the result of the call before"},
			{calls: "quotactl", because: "a jump to the function that makes the call"},
			{open: "main.untold", because: "memory of which nothing is known"},
			{open: "main.segment", because: "thread-local memory"},
			{calls: "vhangup", because: "a function that only a variable holds"},
			{calls: "semget", because: "SYSCALL as bytes, with a prefix; SVC with a number"},
			{calls: "semop", because: "SYSCALL or SVC behind data"},
			{calls: "semctl", because: "a variable that assembly sets"},
			{calls: "msgget msgsnd", because: "a loop"},
		},
		open:          "main.otherKind main.otherEntry main.second main.untold main.segment",
		never:         "fork msgrcv",
		neverStripped: "fork msgrcv",
	},
	{
		name: "missed",
		expect: []expectation{
			{open: "main.pointedByData", because: "a variable to which the data points"},
			{open: "main.throughResult", because: "a pointer that comes back from a call"},
			{calls: "msgget", because: "a guard that such a pointer opens"},
			{calls: "msgsnd", because: "a function value that comes back from a call"},
			{calls: "sync tkill", because: "a byte above 127"},
			{open: "main.far", because: "a field far behind the start of its object"},
			{open: "main.listed", because: "a list"},
			{calls: "ioprio_set", because: "a loop in a frame that the assembler does not know"},
			{open: "main.skipped", because: "a jump by data into a function"},
			{calls: "add_key", open: "main.hidden", because: "a jump into an instruction"},
			{open: "main.halved", because: "half of a vector"},
			{calls: "msgrcv", because: "a guard in an element whose address is a product"},
			{calls: "getresuid", because: "the last instruction before the next function"},
			{calls: "getresgid", because: "one that does nothing before the next function"},
			{open: "main.misjudged", because: "frames of two sizes that meet"},
			{open: "main.summed", because: "an address in the frame that is a sum"},
			{open: "main.owner", because: "a jump by another function's table"},
			{open: "main.computed", because: "a jump to a place that is computed"},
			{open: "main.main", because: "a variable whose address is in the assembler's register"},
			{calls: "getrusage", because: "a word that is not aligned"},
		},
		open: "main.pointedByData main.throughResult main.far main.listed main.skipped main.halved main.hidden " +
			"main.misjudged main.summed main.owner main.computed main.main",
		openStripped: "main.narrow",
	},
	{
		name: "reached",
		expect: []expectation{
			{calls: "sync", because: "a method that only a type assertion names"},
			{calls: "getpgid getsid", because: "a slice of functions"},
			{calls: "msgget", because: "a map of functions"},
			{calls: "msgsnd", because: "a table of structs with functions"},
			{calls: "msgrcv msgctl semget", because: "initialisation"},
			{calls: "semop", because: "a goroutine"},
			{calls: "semctl shmget", because: "deferred functions"},
			{calls: "shmat", because: "a finalizer"},
			{calls: "shmctl", because: "a cleanup"},
			{calls: "shmdt", because: "a signal's handler"},
			{calls: "acct", because: "a timer"},
			{calls: "sethostname", because: "sync.OnceValue"},
			{calls: "setdomainname mlockall", because: "generic code"},
			{calls: "munlockall quotactl", because: "a method value and a method expression"},
			{calls: "lookup_dcookie", because: "a promoted method"},
			{calls: "kexec_load", because: "a range over a function"},
		},
		never:         "swapon swapoff io_setup io_destroy",
		neverStripped: "swapon swapoff io_setup io_destroy",
	},
	{
		name:          "methods",
		expect:        []expectation{{calls: "sync", because: "a method that only reflection calls"}},
		never:         "acct",
		neverStripped: "acct",
	},
	{
		name: "guarded",
		expect: []expectation{
			{calls: "getpgid", because: "a store"},
			{calls: "getsid", because: "a store through a pointer that is passed"},
			{calls: "msgget", because: "a store through a pointer to a struct"},
			{calls: "msgsnd", because: "a store to an element"},
			{calls: "msgrcv", because: "a store through a pointer in the data"},
			{calls: "semget", because: "a store behind another guard"},
			{calls: "semop", because: "an addition"},
			{calls: "semctl", because: "a copy of a struct"},
			{calls: "shmget", because: "a channel"},
			{calls: "shmat", because: "an object that the linker made"},
			{calls: "shmctl", because: "a deferred store"},
			{calls: "shmdt", because: "an exchange"},
		},
		never: "swapon swapoff acct quotactl",
	},
	{
		name: "values",
		expect: []expectation{
			{calls: "getpgid", because: "a variable that is read by name"},
			{calls: "getsid", because: "a variable that only a method reads"},
			{calls: "msgget msgsnd", because: "fields of a struct that is copied"},
			{calls: "msgrcv", because: "a field that is read through a pointer"},
			{calls: "msgctl semget semop", because: "elements of an array, a slice and a map"},
			{calls: "semctl", because: "an interface"},
			{calls: "shmget shmat", because: "atomic pointers and values"},
			{calls: "shmctl", because: "reflection"},
			{calls: "shmdt", because: "a field that is read by its distance from another"},
			{calls: "acct", because: "a closure that holds it"},
			{calls: "sethostname setdomainname", because: "objects to which variables point"},
			{calls: "mlockall", because: "a variable that is copied to another"},
			{calls: "munlockall", because: "sync.Pool"},
			{calls: "quotactl", because: "a list of functions"},
			{calls: "lookup_dcookie kexec_load", because: "a deferred function, a goroutine"},
			{calls: "swapon", because: "an exchange"},
			{calls: "swapoff", because: "a method value"},
			{calls: "io_setup", because: "a variable of a generic type"},
			{calls: "io_getevents io_submit io_cancel ioprio_set ioprio_get add_key request_key keyctl", because: "what goes into a variable that no code reads, and elsewhere too"},
		},
		never: "io_destroy",
	},
	{
		name: "execs",
		expect: []expectation{
			{calls: "execve clone pipe2 dup3 wait4", because: "os/exec"},
		},
		never:         "swapon timer_create timer_settime timer_delete setpgid setsid setgroups unshare ptrace",
		neverStripped: "swapon timer_create timer_settime timer_delete setpgid setsid setgroups unshare ptrace",
	},
	{
		name: "held",
		expect: []expectation{
			{calls: "getpgid getsid", because: "a variable that is called, and a field"},
			{calls: "msgget msgsnd", because: "elements of an array and of a slice"},
			{calls: "msgrcv", because: "an object to which an object points"},
			{calls: "msgctl", because: "an object in an interface"},
			{calls: "semget mlockall", because: "structs that are copied"},
			{calls: "semop", because: "a field that reflection finds"},
			{calls: "semctl", because: "sync.Pool"},
			{calls: "shmget", because: "an atomic pointer"},
			{calls: "shmat", because: "a map of functions, for a template"},
			{calls: "shmctl", because: "an element before the one that an index names"},
			{calls: "shmdt", because: "a field that is read by its distance from another"},
			{calls: "acct", because: "a pointer to a pointer to it"},
			{calls: "sethostname setdomainname", because: "a deferred function, a goroutine"},
		},
		never: "swapon swapoff",
	},
	{
		name:   "profiled",
		expect: []expectation{{calls: "timer_create timer_settime timer_delete setitimer", because: "the profiler of the processor's use"}},
	},
}

func TestPrograms(t *testing.T) {
	for _, c := range programCases {
		for _, way := range ways {
			if !way.builds(c.name) {
				continue
			}
			t.Run(c.name+"/"+way.name, func(t *testing.T) {
				u := scanned(t, program(t, c.name, way.name))
				check(t, u, c.expect)
				never, open := c.never, c.open
				if way.stripped {
					never, open = c.neverStripped, open+" "+c.openStripped
				}
				if extra := without(openFunctions(u), strings.Fields(open)); len(extra) > 0 {
					t.Errorf("unresolved without need: %v", extra)
				}
				for name := range strings.FieldsSeq(never) {
					if call, ok := u.Find(name); ok {
						t.Errorf("%s is in, which the program never makes: %+v", name, call.Evidence)
					}
				}
			})
		}
	}
}

// A function that is too far for a jump is reached by way of code that the linker adds.
func TestFarCalls(t *testing.T) {
	path := buildOnce(t, "numbers-arm64-far", ".", []string{"GOARCH=arm64"}, "-ldflags=-debugtramp=2", "./testdata/numbers")
	u := scanned(t, path)
	for _, c := range programCases {
		if c.name != "numbers" {
			continue
		}
		check(t, u, c.expect)
		if extra := without(openFunctions(u), strings.Fields(c.open)); len(extra) > 0 {
			t.Errorf("unresolved without need: %v", extra)
		}
	}
}

// Without symbols less can be proved, and never more.
func TestStrippedIsNeverLess(t *testing.T) {
	for _, c := range programCases {
		plain, bare := scanned(t, program(t, c.name, "plain")), scanned(t, program(t, c.name, "stripped"))
		if lost := without(without(plain.Names(), bare.Names()), strings.Fields(c.lostStripped)); len(lost) > 0 {
			t.Errorf("%s: stripping loses %v", c.name, lost)
		}
		lost := without(openFunctions(plain), openFunctions(bare))
		if len(lost) > 0 {
			t.Errorf("%s: stripping loses the unresolved %v", c.name, lost)
		}
	}
}

// All code is an upper bound of what can be reached.
func TestWithinAllCode(t *testing.T) {
	for _, c := range programCases {
		for _, way := range ways {
			if !way.builds(c.name) {
				continue
			}
			path := program(t, c.name, way.name)
			tight := scanned(t, path)
			opts := options(path)
			opts.AllCode = true
			all, err := scan.File(path, opts)
			if err != nil {
				t.Fatal(err)
			}
			if lost := without(tight.Names(), all.Names()); len(lost) > 0 {
				t.Errorf("%s, %s: %v is not in all code", c.name, way.name, lost)
			}
			if lost := without(openFunctions(tight), openFunctions(all)); len(lost) > 0 {
				t.Errorf("%s, %s: %v is unresolved, but not in all code", c.name, way.name, lost)
			}
			if c.name == "guarded" && !slices.Contains(all.Names(), "swapon") {
				t.Errorf("%s, %s: all code leaves out what a guard closes", c.name, way.name)
			}
		}
	}
}

// The same must hold for what other Go releases build, and for
// position-independent programs, to which the dynamic loader adds its calls.
func TestReleases(t *testing.T) {
	expect := []expectation{
		{calls: "msgget msgsnd", because: "methods called through an interface"},
		{calls: "sync", because: "a method that only a type assertion names"},
		{calls: "semget", because: "a table of functions"},
		{calls: "getpgid getsid", because: "a variable and the stores to it"},
		{calls: "semop", open: "main.captured.func1", because: "a closure"},
		{calls: "shmget", because: "generic code"},
		{calls: "shmat", because: "a parameter on the stack"},
		{calls: "io_setup io_destroy io_submit", because: "a switch"},
		{calls: "msgrcv", because: "a large frame"},
		{calls: "shmdt", open: "main.main·dwrap·1 main.call", because: "a goroutine"},
		{calls: "shmctl", because: "a guard that opens"},
		{calls: "getpriority", because: "a wrapper in package syscall"},
		{open: "main.unknown main.call", because: "a slice"},
	}
	for _, release := range []struct{ toolchain, arch, ways string }{
		{"go1.17.13", "amd64", "plain pie"},
		{"go1.20.14", "amd64", "plain stripped pie"},
		{"go1.22.12", "amd64", "plain"},
		{"go1.24.13", "amd64", "plain"},
		{"", "amd64", "plain stripped pie"},
		{"go1.27.4", "amd64", "plain stripped pie"},
		{"go1.17.13", "arm64", "plain"},
		{"go1.18.10", "arm64", "plain"},
		{"", "arm64", "stripped pie"},
		{"go1.27.4", "arm64", "plain"},
	} {
		for way := range strings.FieldsSeq(release.ways) {
			t.Run(release.toolchain+"/"+release.arch+"/"+way, func(t *testing.T) {
				u := scanned(t, portable(t, release.toolchain, release.arch, way))
				check(t, u, expect)
				checkChains(t, u, way != "pie") // whose relocations are pointers to everything
				if _, ok := u.Find("acct"); ok && way == "plain" {
					t.Error("acct is in, behind a variable that nothing sets")
				}
				open := "main.unknown main.call main.captured.func1 main.copyBlock main.main·dwrap·1"
				if way == "stripped" {
					open += " main.main" // reads the variable, whose limits are not known
				}
				told := func(p usage.Unresolved) bool {
					return strings.Contains(p.Reason, "main.copyBlock") || strings.Contains(p.Reason, "limits are not known")
				}
				if _, ok := u.Find("flock"); !ok && release.toolchain != "" && release.toolchain < "go1.25" && !slices.ContainsFunc(u.Unresolved, told) {
					t.Error("flock is lost, which is behind a variable that is copied as a whole")
				}
				if call, ok := u.Find("set_tid_address"); ok != (way == "pie") || ok && call.Origin != usage.Loader {
					t.Errorf("the dynamic loader's set_tid_address: %v, %q", ok, call.Origin)
				}
				if extra := without(openFunctions(u), strings.Fields(open)); len(extra) > 0 {
					t.Errorf("unresolved without need: %v", extra)
				}
			})
		}
	}
}
