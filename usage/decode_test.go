package usage

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// recorded is a usage with one of everything that a recording has, sorted.
func recorded() *Usage {
	leaf := Frame{Function: "syscall.Syscall", File: "/go/src/syscall/asm.s", Line: 7, Package: "syscall", Module: "std", Version: "go1.26.0"}
	return &Usage{
		Version: Version, Binary: "/bin/work", GoVersion: "go1.26.0", Arch: "amd64", Phase: Exec,
		SHA256: "00ff", Process: &Process{PID: 12, Parent: 3, Command: []string{"work", "-x"}},
		Recordings: []Recording{{
			ID: "8af0", Start: time.Date(2026, 11, 25, 1, 2, 3, 4, time.UTC), Duration: 5 * time.Second,
			Host: "h1", Kernel: "6.18.0", Command: []string{"work", "-x"}, Method: "bpf",
			Lost: Lost{Events: 1, Stacks: 2, Values: 3, Processes: 4},
		}},
		Dropped: &Dropped{Recordings: 1, Stacks: 2, Places: true},
		Syscalls: []Syscall{
			{Name: "exit", Nr: 1, Arch: "386", Evidence: []Evidence{}, Observed: &Observed{Calls: 1}},
			{
				Name: "openat", Nr: 257, Evidence: []Evidence{},
				Observed: &Observed{Calls: 7, Denied: 1, Time: 12345, Errors: map[int]uint64{2: 3, 13: 1}},
				Args:     []ArgValues{{Index: 2, Name: "flags", Values: []uint64{0, 1<<32 - 1}}, {Index: 3, Name: "mode", Any: true}},
				Stacks: []Stack{
					{Frames: []Frame{leaf, {Function: "main.main"}}, PCs: []uint64{0x401000, 0x402000}, Calls: 5, Time: 99},
					{Frames: []Frame{leaf}, PCs: []uint64{0x401000, 0}, Cut: true, Calls: 2},
				},
			},
		},
		Unresolved: []Unresolved{},
	}
}

// The form in which recordings are kept is relied upon by others.
func TestRecordedJSON(t *testing.T) {
	var got strings.Builder
	if err := Write(&got, recorded()); err != nil {
		t.Fatal(err)
	}
	const leaf = `{"function": "syscall.Syscall", "file": "/go/src/syscall/asm.s", "line": 7, "package": "syscall", "module": "std", "version": "go1.26.0"}`
	const want = `{"version": 2, "binary": "/bin/work", "goVersion": "go1.26.0", "arch": "amd64", "phase": "exec", "sha256": "00ff",
		"process": {"pid": 12, "parent": 3, "command": ["work", "-x"]},
		"recordings": [{"id": "8af0", "start": "2026-11-25T01:02:03.000000004Z", "duration": 5000000000, "host": "h1", "kernel": "6.18.0",
			"command": ["work", "-x"], "method": "bpf", "lost": {"events": 1, "stacks": 2, "values": 3, "processes": 4}}],
		"dropped": {"recordings": 1, "lost": {}, "stacks": 2, "places": true},
		"syscalls": [
			{"name": "exit", "nr": 1, "arch": "386", "evidence": [], "observed": {"calls": 1}},
			{"name": "openat", "nr": 257, "evidence": [],
			 "observed": {"calls": 7, "denied": 1, "time": 12345, "errors": {"13": 1, "2": 3}},
			 "args": [{"index": 2, "name": "flags", "values": [0, 4294967295]}, {"index": 3, "name": "mode", "any": true}],
			 "stacks": [
				{"frames": [` + leaf + `, {"function": "main.main"}], "pcs": [4198400, 4202496], "calls": 5, "time": 99},
				{"frames": [` + leaf + `], "pcs": [4198400, 0], "cut": true, "calls": 2}]}],
		"unresolved": []}`
	if a, b := compact(t, got.String()), compact(t, want); a != b {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

// decodeAll reads the usages of a text.
func decodeAll(text string) (all []*Usage, err error) {
	d := NewDecoder(strings.NewReader(text))
	for {
		u, err := d.Decode()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, u)
	}
}

func TestDecode(t *testing.T) {
	var text strings.Builder
	if err := Write(&text, recorded(), sample()); err != nil {
		t.Fatal(err)
	}
	got, err := decodeAll(text.String())
	if err != nil {
		t.Fatal(err)
	}
	want := []*Usage{recorded(), sample()}
	want[1].Version = Version
	want[1].Sort()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The order of what is read is the reader's, not the writer's.
func TestDecodeSorts(t *testing.T) {
	u := recorded()
	u.Syscalls[0], u.Syscalls[1] = u.Syscalls[1], u.Syscalls[0]
	call := &u.Syscalls[0]
	call.Args[0], call.Args[1] = call.Args[1], call.Args[0]
	call.Args[1].Values = []uint64{1<<64 - 1, 0, 0}
	call.Stacks[0], call.Stacks[1] = call.Stacks[1], call.Stacks[0]
	var text strings.Builder
	if err := Write(&text, u); err != nil {
		t.Fatal(err)
	}
	got, err := decodeAll(text.String())
	if err != nil {
		t.Fatal(err)
	}
	if want := recorded(); !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := func(change func(*Usage)) string {
		u := recorded()
		change(u)
		var b strings.Builder
		Write(&b, u)
		return b.String()
	}
	whole := good(func(*Usage) {})
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {"", "it is empty"},
		"text":           {"read write openat\n", "it holds no usage"},
		"a list":         {"[]", "it holds no usage"},
		"null":           {"null", "it holds no usage"},
		"other JSON":     {`{"defaultAction": "SCMP_ACT_ERRNO"}`, `unknown field "defaultAction"`},
		"no calls":       {`{"binary": "x", "arch": "amd64", "phase": "exec"}`, "it holds no usage"},
		"cut":            {whole[:len(whole)/2], "ends in the middle"},
		"cut, second":    {whole + whole[:9], "after usage 1: it ends in the middle"},
		"newer":          {strings.Replace(whole, `"version": 2`, `"version": 3`, 1), "it is of version 3, and this curb reads usages up to version 2: use a newer curb"},
		"newer, unknown": {`{"version": 3, "colour": "red"}`, "it is of version 3"},
		"number":         {strings.Replace(whole, `"nr": 257`, `"nr": -1`, 1), "number -1"},
		"architecture":   {good(func(u *Usage) { u.Arch = "vax" }), `architecture "vax"`},
		"phase":          {good(func(u *Usage) { u.Phase = "later" }), `no phase "later"`},
		"wrong number":   {good(func(u *Usage) { u.Syscalls[1].Nr = 2 }), `"openat": it has the number 2, and on amd64 that call has 257`},
		"wrong name":     {good(func(u *Usage) { u.Syscalls[1].Name = "#257" }), "on amd64 that is openat"},
		"no name":        {good(func(u *Usage) { u.Syscalls[1].Name, u.Syscalls[1].Nr = "a b", 9999 }), "no name of a system call"},
		"other entry":    {good(func(u *Usage) { u.Syscalls[0].Arch = "amd64" }), `"exit": it has the number 1, and on amd64 that call has 60`},
		"twice":          {good(func(u *Usage) { u.Syscalls = append(u.Syscalls, u.Syscalls[0]) }), "exit twice"},
		"argument":       {good(func(u *Usage) { u.Syscalls[1].Args[0].Index = 6 }), "no argument 6"},
		"recording":      {good(func(u *Usage) { u.Recordings[0].ID = "" }), "no id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeAll(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// A usage that never ends must not fill the memory.
func TestDecodeBounded(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"binary": "`), &repeat{})
	d := NewDecoder(endless)
	d.most = 3 << 20
	if _, err := d.Decode(); err == nil || !strings.Contains(err.Error(), "more than 3 MiB") {
		t.Errorf("error %v", err)
	}
}

type repeat struct{}

func (*repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "u.json")
	for _, u := range []*Usage{sample(), recorded()} {
		if err := WriteFile(path, u); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeAll(string(text)); err != nil || len(got) != 1 || got[0].Binary != u.Binary {
			t.Errorf("reading what was written: %v, %v", got, err)
		}
	}
	if err := WriteFile(filepath.Join(dir, "no", "u.json"), recorded()); err == nil || !strings.Contains(err.Error(), "write the usage to "+dir) {
		t.Errorf("in a directory that is not there: error %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzDecode(f *testing.F) {
	var text bytes.Buffer
	if err := Write(&text, recorded(), sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add([]byte(`{"arch":"amd64","phase":"exec","syscalls":[{}]}{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := decodeAll(string(b))
		if err == nil && len(all) == 0 {
			t.Error("nothing was read, and nothing said")
		}
		var once, twice bytes.Buffer
		if err := Write(&once, all...); err != nil {
			t.Fatal(err)
		}
		again, err := decodeAll(once.String())
		if err != nil && len(all) > 0 {
			t.Fatalf("what was written cannot be read: %v\n%s", err, &once)
		}
		if err := Write(&twice, again...); err != nil || once.String() != twice.String() {
			t.Errorf("reading and writing changes it (%v):\n%s\n%s", err, &once, fmt.Sprint(&twice))
		}
	})
}
