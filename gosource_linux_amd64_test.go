package curb_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

func ExamplePolicy_GoString() {
	policy := curb.Allow("read", "write").
		AllowIf("openat", curb.Arg(0).Is(-100), curb.Arg(2).Masked(0o1103).Is(0)).
		On("ptrace", curb.Errno(13)).
		Otherwise(curb.Trap)
	fmt.Printf("%#v\n", policy)
	// Output:
	// curb.Allow("read", "write").
	// 	AllowIf("openat", curb.Arg(0).Is(-100), curb.Arg(2).Masked(579).Is(0)).
	// 	On("ptrace", curb.Errno(13 /* EACCES */)).
	// 	Otherwise(curb.Trap)
}

// sources are policies that have everything that one can have.
func sources() []curb.Policy {
	var names []string
	for call := range syscalls.AMD64.All() {
		names = append(names, call.Name)
	}
	list := []curb.Policy{
		{},
		curb.Allow(),
		curb.Allow("read"),
		curb.Allow(names...),
		curb.Deny("ptrace", "reboot"),
		curb.Deny("ptrace").Allow("ptrace").Deny("#470", "#0x3fffffff"),
		curb.Allow("read").Otherwise(curb.Log).Deny("read"),
		curb.Deny().On("read", curb.Errno(0)).On("write", curb.Errno(4095)),
		curb.Allow("socket").DenyIf("socket", curb.Arg(0).IsNot(1, 2, 1<<31-1)).SkipUnknown().LogDenials().AllowSpeculation().BestEffort(),
		curb.Allow("mmap").Merge(curb.Allow("read").AllowIf("mmap", curb.Arg(2).Masked(4).Is(0))),
	}
	actions := []curb.Action{curb.Trap, curb.Log, curb.KillProcess, curb.KillThread, curb.Errno(38), curb.Trace(7), curb.Notify, filter.Trap + 5, filter.Allow + 3}
	arg := curb.Arg(1) // of 64 bits
	conditions := []curb.Condition{
		arg.Is(-1, -4096, 4095, 1<<62, -1<<63), arg.IsNot(7), arg.Below(5), arg.AtMost(-2), arg.Above(-1 << 63),
		arg.AtLeast(1 << 40), arg.Masked(-1 << 63).Is(0), arg.Masked(0xff).IsNot(1, 2), curb.Arg(0).Is(-100),
	}
	for i, action := range actions {
		list = append(list, curb.Allow("read").Otherwise(action).Allow("lseek").
			On("lseek", action, conditions[i]).On("write", action).
			AllowIf("lseek", conditions[i], conditions[(i+1)%len(conditions)]))
	}
	return list
}

// TestGoStringMakesTheSame compiles the printed code, in a program of the module
// that is in no directory of it, and compares filters.
func TestGoStringMakesTheSame(t *testing.T) {
	var code strings.Builder
	code.WriteString("package main\n\nimport (\n\t\"encoding/json\"\n\t\"os\"\n\n\t\"github.com/gocurb/curb\"\n\t\"github.com/gocurb/curb/syscalls\"\n)\n\nvar policies = []curb.Policy{\n")
	for _, p := range sources() {
		text := fmt.Sprintf("%#v", p)
		wrapped := "package p\n\nvar p = " + text + "\n"
		if formatted, err := format.Source([]byte(wrapped)); err != nil || string(formatted) != wrapped {
			t.Errorf("gofmt does not leave this as it is (%v):\n%s", err, text)
		}
		code.WriteString(text + ",\n")
	}
	code.WriteString(`}

func main() {
	for _, p := range policies {
		prog, err := p.Compile(syscalls.AMD64)
		if err != nil {
			panic(err)
		}
		json.NewEncoder(os.Stdout).Encode(prog.Packed())
	}
}
`)
	dir := t.TempDir()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(dir, "main.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "gosource", "main.go"): main}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"main.go": []byte(code.String()), "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command("go", "run", "-overlay", filepath.Join(dir, "overlay.json"), "./gosource")
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, &stderr, &code)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for _, p := range sources() {
		want, err := p.Compile(syscalls.AMD64)
		if err != nil {
			t.Fatalf("%v\n%v", err, p)
		}
		var got []uint64
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want.Packed()) {
			t.Errorf("the filter is another one:\n%#v", p)
		}
	}
}

// TestGoStringOfMistakes: what has a mistake that no code can have is not printed
// as a policy without it.
func TestGoStringOfMistakes(t *testing.T) {
	for _, p := range []curb.Policy{
		curb.Allow("read").AllowIf("socket"),
		curb.Allow("read").AllowIf("socket", curb.Arg(0).Masked(0).Is(0)),
		curb.Allow("read").Merge(curb.Allow("*/")),
	} {
		text := p.GoString()
		if _, err := format.Source([]byte("package p\n\nvar p = " + text + "\n")); err == nil || !strings.HasPrefix(text, "/* no policy: ") {
			t.Errorf("%v is printed as\n%s", p, text)
		}
	}
}
