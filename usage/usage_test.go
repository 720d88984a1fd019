package usage

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// sample is a usage with one of everything, in no order.
func sample() *Usage {
	at := Frame{
		Function: "main.work", File: "/src/work/main.go", Line: 12,
		Package: "example.com/work/cmd", Module: "example.com/work", Version: "v1.2.3",
	}
	return &Usage{
		Binary: "./work", GoVersion: "go1.26.0", Arch: "amd64", Phase: Exec,
		Syscalls: []Syscall{
			{Name: "write", Nr: 1, Evidence: []Evidence{
				{
					Frame: at, Through: []string{"syscall.Syscall", "syscall.RawSyscall6"},
					Chain: []Step{{Frame: Frame{Function: "_rt0_amd64_linux"}, How: "root"}, {Frame: at, How: "call"}},
				},
				{Frame: Frame{Function: "runtime.write1"}},
			}},
			{Name: "restart_syscall", Nr: 219, Origin: Kernel, Evidence: []Evidence{{Frame: Frame{Function: "kernel"}, Note: "goes on with a wait"}}},
			{Name: "#1000", Nr: 1000, Evidence: []Evidence{{Frame: at}}},
		},
		Launcher:   []string{"execve"},
		Unresolved: []Unresolved{{Frame: at, Reason: "the number is read through a pointer"}, {Frame: Frame{Function: "0x401000"}, Reason: "not Go's"}},
	}
}

// The form in which the command prints a usage is relied upon by others.
func TestJSON(t *testing.T) {
	u := sample()
	u.Sort()
	got, err := json.MarshalIndent(u, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const frame = `"function": "main.work", "file": "/src/work/main.go", "line": 12, "package": "example.com/work/cmd", "module": "example.com/work", "version": "v1.2.3"`
	const want = `{"binary": "./work", "goVersion": "go1.26.0", "arch": "amd64", "phase": "exec",
		"syscalls": [
			{"name": "#1000", "nr": 1000, "evidence": [{` + frame + `}]},
			{"name": "restart_syscall", "nr": 219, "origin": "kernel", "evidence": [{"function": "kernel", "note": "goes on with a wait"}]},
			{"name": "write", "nr": 1, "evidence": [
				{` + frame + `,
				 "chain": [{"function": "_rt0_amd64_linux", "how": "root"}, {` + frame + `, "how": "call"}],
				 "through": ["syscall.Syscall", "syscall.RawSyscall6"]},
				{"function": "runtime.write1"}]}],
		"launcher": ["execve"],
		"unresolved": [
			{"function": "0x401000", "reason": "not Go's"},
			{` + frame + `, "reason": "the number is read through a pointer"}]}`
	if a, b := compact(t, string(got)), compact(t, want); a != b {
		t.Errorf("got  %s\nwant %s", a, b)
	}
	var back Usage
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(&back, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(got) {
		t.Errorf("reading and writing changes it:\n%s\n%s", got, again)
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(raw) // which compacts a raw message
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	return out.String()
}

func TestNamesAndFind(t *testing.T) {
	u := sample()
	u.Syscalls = append(u.Syscalls, Syscall{Name: "write", Nr: 1})
	if got, want := u.Names(), []string{"#1000", "restart_syscall", "write"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	if call, ok := u.Find("restart_syscall"); !ok || call.Nr != 219 {
		t.Errorf("Find(restart_syscall) = %+v, %t", call, ok)
	}
	if call, ok := u.Find("read"); ok {
		t.Errorf("Find(read) = %+v", call)
	}
	if got := (&Usage{}).Names(); len(got) != 0 {
		t.Errorf("an empty usage has the names %v", got)
	}
}

func TestWriteTable(t *testing.T) {
	u := sample()
	u.Sort()
	var got strings.Builder
	if err := u.WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	const want = `./work: 3 system calls (go1.26.0, linux/amd64, phase exec)

SYSTEM CALL      MADE BY    AT                               ALSO FROM
#1000            main.work  example.com/work/cmd/main.go:12
restart_syscall  kernel     goes on with a wait
write            main.work  example.com/work/cmd/main.go:12  1 more

execve starts the program: its launcher makes it, and it is not counted.

Not resolved, so the list may be incomplete:
  0x401000: not Go's
  main.work (example.com/work/cmd/main.go:12): the number is read through a pointer
`
	var lines []string
	for line := range strings.Lines(got.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if text := strings.Join(lines, "\n") + "\n"; text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// A usage that is complete must not speak of an incomplete list.
func TestWriteTableComplete(t *testing.T) {
	u := sample()
	u.Unresolved = nil
	var got strings.Builder
	if err := u.WriteTable(&got); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.String(), "incomplete") {
		t.Errorf("a complete usage is called incomplete:\n%s", &got)
	}
}

var errFull = errors.New("no space left")

// A full device takes so many bytes and no more.
type full int

func (f *full) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		return int(*f), errFull
	}
	*f -= full(len(p))
	return len(p), nil
}

// Wherever writing fails, it is said.
func TestWriteTableFails(t *testing.T) {
	complete := sample()
	complete.Unresolved = nil
	for _, u := range []*Usage{sample(), complete} {
		var whole strings.Builder
		if err := u.WriteTable(&whole); err != nil {
			t.Fatal(err)
		}
		for n := range whole.Len() {
			room := full(n)
			if err := u.WriteTable(&room); !errors.Is(err, errFull) {
				t.Errorf("with room for %d of %d bytes: error %v", n, whole.Len(), err)
			}
		}
	}
}

func TestPlace(t *testing.T) {
	for _, tt := range []struct {
		frame Frame
		want  string
	}{
		{Frame{}, ""},
		{Frame{File: "/a/b/c.go", Line: 3, Package: "x/y"}, "x/y/c.go:3"},
		{Frame{File: "c_amd64.s", Line: 1, Package: ""}, "c_amd64.s:1"},
	} {
		if got := tt.frame.Place(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.frame, got, tt.want)
		}
	}
}

// TestFrequency: counts of recordings add up, and what was not seen is not there.
func TestFrequency(t *testing.T) {
	u := &Usage{Syscalls: []Syscall{
		{Name: "read", Observed: &Observed{Calls: 3}},
		{Name: "read", Arch: "386", Observed: &Observed{Calls: 4}},
		{Name: "write"},
	}}
	if got := u.Frequency(); len(got) != 1 || got["read"] != 7 {
		t.Errorf("got %v", got)
	}
	if got := (&Usage{Syscalls: u.Syscalls[2:]}).Frequency(); got != nil {
		t.Errorf("without a recording: %v", got)
	}
}
