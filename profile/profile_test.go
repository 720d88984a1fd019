package profile

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

var amd64 = Options{Arch: "amd64"}

// someNumbers are values at which comparisons turn.
var someNumbers = []uint64{0, 1, 2, 3, 7, 8, 0xff, 0x7fffffff, 0x80000000, 0xffffffff}

// randomPolicy has several rules on each of some calls, with conditions of all
// kinds on arguments of both widths.
func randomPolicy(r *rand.Rand, t *syscalls.Table) filter.Policy {
	actions := []filter.Action{filter.Allow, filter.Allow, filter.Deny, filter.Errno(1), filter.Errno(13), filter.Trap, filter.KillProcess, filter.Log}
	defaults := []filter.Action{filter.Errno(1), filter.Errno(1), filter.Errno(38), filter.Allow, filter.Trap, filter.KillThread, filter.Log, filter.Trace(5)}
	names := []string{"lseek", "fcntl", "mmap", "clone3", "read", "socket", "statx"}
	p := filter.Policy{Default: defaults[r.IntN(len(defaults))]}
	for range r.IntN(10) {
		rule := filter.Rule{Syscall: names[r.IntN(len(names))], Action: actions[r.IntN(len(actions))]}
		for range r.IntN(3) {
			c := filter.Cond{Arg: r.IntN(2), Op: filter.Op(1 + r.IntN(6)), Values: []uint64{someNumbers[r.IntN(len(someNumbers))]}}
			for c.Op <= filter.NotEqual && r.IntN(2) == 0 {
				c.Values = append(c.Values, someNumbers[r.IntN(len(someNumbers))])
			}
			if r.IntN(3) == 0 {
				c.Mask = someNumbers[1+r.IntN(len(someNumbers)-1)]
				for i := range c.Values {
					c.Values[i] &= c.Mask
				}
			}
			rule.Conds = append(rule.Conds, c)
		}
		one := filter.Policy{Default: filter.Trap, Rules: []filter.Rule{rule}}
		if _, err := filter.Compile(t, one); err == nil {
			p.Rules = append(p.Rules, rule)
		}
	}
	return p
}

// TestRoundTrip: what is written and read again does the same with all calls that
// the table has.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	partly, long := 0, 0
	for range 150 {
		table := []*syscalls.Table{syscalls.AMD64, syscalls.ARM64, syscalls.S390X, syscalls.MIPS64}[r.IntN(4)]
		want := &Profile{Policy: randomPolicy(r, table), Archs: []string{table.Arch}}
		text, err := want.JSON()
		if err != nil && strings.Contains(err.Error(), "would take more than") {
			long++
			continue
		} else if err != nil {
			t.Fatalf("%v\n%v", err, want.Policy)
		}
		got, err := Read(text, Options{Arch: table.Arch})
		if err != nil {
			t.Fatalf("%v\n%v\n%s", err, want.Policy, text)
		}
		if strings.Contains(string(text), "args") {
			partly++
		}
		for call := range table.All() {
			for range 40 {
				d := filter.Data{Nr: call.Nr, Arch: table.AuditArch}
				for i := range d.Args {
					d.Args[i] = someNumbers[r.IntN(len(someNumbers))] + uint64(r.IntN(3)) - 1
					if r.IntN(3) == 0 {
						d.Args[i] ^= 1 << r.IntN(64)
					}
				}
				if is, was := got.Policy.Verdict(table, d), want.Policy.Verdict(table, d); is != was {
					t.Fatalf("%s: %s %#x gets %v, and before it was written %v\n%v\n%s\n%v", table.Arch, call.Name, d.Args, is, was, want.Policy, text, got.Policy)
				}
				if !slices.ContainsFunc(want.Policy.Rules, func(r filter.Rule) bool { return r.Syscall == call.Name }) {
					break // arguments do not matter
				}
			}
		}
	}
	if partly < 50 || long > 50 {
		t.Errorf("%d of the policies have conditions, %d could not be written: that tests little", partly, long)
	}
}

// TestRead holds what is read against what runc and libseccomp make of the file.
func TestRead(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"names", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW"}]}`,
			"allow read, write\notherwise errno(EPERM)"},
		{"numbers", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":0},{"names":["write"],"action":"SCMP_ACT_TRACE"},{"names":["close"],"action":"SCMP_ACT_TRACE","errnoRet":65535}]}`,
			"errno(0) read\ntrace(1) write\ntrace(65535) close\notherwise errno(ENOSYS)"},
		{"other actions", `{"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"},{"names":["write"],"action":"SCMP_ACT_LOG"},{"names":["close"],"action":"SCMP_ACT_TRAP"},{"names":["dup"],"action":"SCMP_ACT_KILL_PROCESS"}]}`,
			"notify read\nlog write\ntrap close\nkill_process dup\notherwise kill_thread"},
		{"all conditions of an entry", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":15,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]}`,
			"allow socket if arg0 == 1 and arg1 & 0xf == 2\notherwise errno(EPERM)"},
		{"each condition, if two are on one argument", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"},{"index":1,"value":9,"op":"SCMP_CMP_GE"}]}]}`,
			"allow socket if arg0 == 1\nallow socket if arg0 == 2\nallow socket if arg1 >= 9\notherwise errno(EPERM)"},
		{"the first without conditions decides", `{"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["socket"],"action":"SCMP_ACT_TRAP","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},{"names":["socket"],"action":"SCMP_ACT_ERRNO"},{"names":["socket"],"action":"SCMP_ACT_ALLOW"},{"names":["socket"],"action":"SCMP_ACT_TRAP","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`,
			"errno(EPERM) socket\notherwise kill_thread"},
		{"the default changes nothing", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["read"],"action":"SCMP_ACT_ERRNO"},{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}`,
			"allow read\nerrno(EPERM) clone3\notherwise errno(EPERM)"},
		{"conditions that are apart", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2,"op":"SCMP_CMP_LT"}]},{"names":["socket"],"action":"SCMP_ACT_TRAP","args":[{"index":0,"value":4294967293,"op":"SCMP_CMP_GT"}]}]}`,
			"allow socket if arg0 < 2\ntrap socket if arg0 > 0xfffffffd\notherwise errno(EPERM)"},
		{"Docker's form", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]}],"syscalls":[
			{"name":"read","action":"SCMP_ACT_ALLOW","args":null,"comment":"","includes":{},"excludes":{}},
			{"names":["arch_prctl"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["amd64","x32"]}},
			{"names":["write"],"action":"SCMP_ACT_ALLOW","excludes":{"arches":["amd64"]}},
			{"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
			{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38,"excludes":{"caps":["CAP_SYS_ADMIN"]}},
			{"names":["ptrace"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},
			{"names":["reboot"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"6.13"}}]}`,
			"allow read, arch_prctl, mount, ptrace\notherwise errno(EPERM)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := Read([]byte(test.file), Options{Arch: "amd64", Capabilities: []string{"CAP_SYS_ADMIN"}, Kernel: "6.12.3-amd64"})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Policy.String(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// TestReadMistakes: each is an error that says where it is.
func TestReadMistakes(t *testing.T) {
	in := func(entry string) string {
		return `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},` + entry + `]}`
	}
	tests := []struct{ file, want string }{
		{``, "cut off"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","sysc`, "cut off"},
		{"{\n\"defaultAction\" x", "line 2: not JSON"},
		{`{"defaultAction":"SCMP_ACT_ERRNO"}` + "\n{}", "after the end"},
		{`[]`, "must be an object, not []"},
		{`{}`, "defaultAction: it is missing"},
		{`{"defaultAction":"SCMP_ACT_DENY"}`, `defaultAction: "SCMP_ACT_DENY" is no action: they are SCMP_ACT_ALLOW, `},
		{`{"defaultAction":7}`, "defaultAction: it must be a string, not 7"},
		{`{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}`, "defaultErrnoRet: SCMP_ACT_ALLOW takes no number"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, "defaultErrnoRet: it must be a whole number from 0 to 4095, not 4096"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":-1}`, "defaultErrnoRet: it must be"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","amd64"]}`, `architectures[1]: "amd64" is no architecture: they are`},
		{`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_PPC"]}`, "architectures[0]: curb has no table"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X32"],"archMap":[]}`, "archMap: there are architectures as well"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","flags":["LOG"]}`, `flags[0]: "LOG" is no flag`},
		{`{"defaultAction":"SCMP_ACT_ERRNO","syscall":[]}`, "syscall: there is no such field: they are defaultAction, "},
		{`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[],"syscalls":[]}`, "syscalls: it is there twice"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":{}}`, "syscalls: it must be a list"},
		{in(`{"action":"SCMP_ACT_ALLOW"}`), "syscalls[1]: it names no system call"},
		{in(`{"name":"read","names":["write"],"action":"SCMP_ACT_ALLOW"}`), "syscalls[1]: it has both"},
		{in(`{"names":["read",""],"action":"SCMP_ACT_ALLOW"}`), "syscalls[1].names[1]: it must not be empty"},
		{in(`{"names":["write"]}`), "syscalls[1].action: it is missing"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","errnoRet":1}`), "syscalls[1].errnoRet: SCMP_ACT_ALLOW takes no number"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}`), "syscalls[1].args[0].index: it must be a whole number from 0 to 5, not 6"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"value":1,"op":"SCMP_CMP_EQ"}]}`), "syscalls[1].args[0].index: it is missing"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"=="}]}`), `syscalls[1].args[0].op: "==" is no comparison`},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,"op":"SCMP_CMP_MASKED_EQ"}]}`), "syscalls[1].args[0].value: a mask of 0"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,"op":"SCMP_CMP_GE"}]}`), "syscalls[1]: rule"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967296,"op":"SCMP_CMP_EQ"}]}`), "does not fit"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1.5,"op":"SCMP_CMP_EQ"}]}`), "syscalls[1].args[0].value: it must be"},
		{in(`{"names":["write"],"action":"SCMP_ACT_TRAP","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":2,"value":1,"op":"SCMP_CMP_EQ"}]}`), "syscalls[2]: "},
		{in(`{"names":["#1"],"action":"SCMP_ACT_ALLOW"}`), `syscalls[1]: "#1" is not the name`},
		{in(`{"names":["wrlte"],"action":"SCMP_ACT_ALLOW"},{"names":["faccessat9"],"action":"SCMP_ACT_ALLOW"}`), `syscalls[1]: no system call "wrlte": did you mean "write"?` + "\n" + `syscalls[2]: no system call "faccessat9"`},
		{in(`{"names":["sync_file_range2"],"action":"SCMP_ACT_ALLOW"}`), "does not exist on amd64, only on "},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_X"]}}`), "syscalls[1].includes.caps: whether this entry counts depends"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"4.8"}}`), "syscalls[1].excludes.minKernel: whether"},
		{in(`{"names":["write"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"new"}}`), `"new" is no release`},
	}
	for _, test := range tests {
		_, err := Read([]byte(test.file), amd64)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "read a seccomp profile: ") {
			t.Errorf("%s\ngot the error %v\nwant %q", test.file, err, test.want)
		}
	}
	_, err := Read([]byte(in(`{"names":["wrlte"],"action":"SCMP_ACT_ALLOW"}`)), amd64)
	var unknown *filter.UnknownCallError
	if !errors.As(err, &unknown) || unknown.Nearest != "write" {
		t.Errorf("%v is no UnknownCallError", err)
	}
	p, err := Read([]byte(in(`{"names":["wrlte"],"action":"SCMP_ACT_ALLOW"}`)), Options{Arch: "amd64", SkipUnknown: true})
	if err != nil || p.Policy.String() != "allow read\notherwise errno(EPERM)" {
		t.Errorf("with SkipUnknown: %v, %v", p, err)
	}
}

// TestWriteMistakes: what the form cannot say.
func TestWriteMistakes(t *testing.T) {
	all := []string{"amd64", "mips"}
	rule := func(r filter.Rule) filter.Policy {
		return filter.Policy{Default: filter.Trap, Rules: []filter.Rule{r}}
	}
	tests := []struct {
		archs  []string
		policy filter.Policy
		want   string
	}{
		{all[:1], rule(filter.Rule{Syscall: "#2000", Action: filter.Allow}), "#2000: the form has names only"},
		{all[:1], rule(filter.Rule{Syscall: "read", Action: filter.Trap + 5}), "read: the form has no number for trap(5)"},
		{all[:1], rule(filter.Rule{Syscall: "reed", Action: filter.Allow}), `did you mean "read"`},
		{all, filter.Policy{Default: filter.Errno(1)}, "another error on each"},
		{[]string{"pdp11"}, filter.Policy{Default: filter.Trap}, "pdp11"},
		{nil, filter.Policy{Default: filter.Trap}, "no table"},
	}
	for _, test := range tests {
		text, err := (&Profile{Policy: test.policy, Archs: test.archs}).JSON()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v\nis written as %s, error %v; want %q", test.policy, text, err, test.want)
		}
	}
}

// FuzzRead: nothing makes the reader panic, and what it takes can be written, read
// and written again the same.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["socket","read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":15,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]}`))
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_LOG","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"name":"clone","action":"SCMP_ACT_TRACE","errnoRet":3,"includes":{"arches":["amd64"]}}]}`))
	f.Add([]byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["lseek"],"action":"SCMP_ACT_TRAP","args":[{"index":1,"value":7,"op":"SCMP_CMP_GT"},{"index":1,"value":3,"op":"SCMP_CMP_NE"}]}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := Read(file, amd64)
		if err != nil {
			return
		}
		first, err := p.JSON()
		if err != nil {
			return
		}
		again, err := Read(first, amd64)
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		tables, _ := p.Tables()
		diff, err := filter.Compare(tables, p.Policy, again.Policy)
		if err != nil || !diff.Same() {
			t.Fatalf("%v, error %v\n%s", diff, err, first)
		}
	})
}
