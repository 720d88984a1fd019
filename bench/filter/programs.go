package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/gocurb/curb/bench/internal/libseccomp"
	"github.com/gocurb/curb/bench/internal/measure"
	"github.com/gocurb/curb/filter"
)

// A program locks itself down to the sample policy, and says so.
type program struct {
	dir   string // below programs
	title string
	bare  bool // the least there can be, and nobody's peer
	cgo   bool
}

// programs are those that are compared, the one to compare with first.
func programs() []program {
	all := []program{
		{dir: "generated", title: "curb, a generated file"},
		{dir: "library", title: "curb, compiled at the start"},
		{dir: "nothing", title: "no filter", bare: true},
		{dir: "raw", title: "two bare system calls", bare: true},
		{dir: "libseccomp", title: "libseccomp-golang", cgo: true},
		{dir: "elastic", title: "go-seccomp-bpf"},
		{dir: "gvisor", title: "gVisor"},
	}
	if libseccomp.Available {
		return all
	}
	var rest []program
	for _, p := range all {
		if !p.cgo {
			rest = append(rest, p)
		}
	}
	return rest
}

// A builder builds programs that carry a compiled filter.
type builder struct{ dir, overlay string }

// newBuilder writes to dir the file that holds the filter, and the overlay by
// which the go command takes it for the one in the source.
func newBuilder(dir string, prog filter.Program) (builder, error) {
	b := builder{dir, filepath.Join(dir, "overlay.json")}
	var source bytes.Buffer
	source.WriteString("package compiled\n\nimport \"syscall\"\n\nvar Packed = [...]uint64{\n")
	for _, ins := range prog.Packed() {
		fmt.Fprintf(&source, "%#x,\n", ins)
	}
	source.WriteString("}\n\nvar Raw = [...]syscall.SockFilter{\n")
	for _, ins := range prog {
		fmt.Fprintf(&source, "{%#x, %d, %d, %#x},\n", ins.Code, ins.Jt, ins.Jf, ins.K)
	}
	source.WriteString("}\n")
	written := filepath.Join(dir, "compiled.go")
	replaced, err := filepath.Abs("filter/programs/compiled/compiled.go")
	if err != nil {
		return b, err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {replaced: written}})
	if err != nil {
		return b, err
	}
	if err := os.WriteFile(written, source.Bytes(), 0o600); err != nil {
		return b, err
	}
	return b, os.WriteFile(b.overlay, overlay, 0o600)
}

// build returns the path of the binary.
func (b builder) build(p program, flags ...string) (string, error) {
	path := filepath.Join(b.dir, p.dir)
	args := append([]string{"build", "-overlay", b.overlay, "-trimpath", "-o", path}, flags...)
	cmd := exec.Command("go", append(args, "./filter/programs/"+p.dir)...)
	cgo := "CGO_ENABLED=0"
	if p.cgo {
		cgo = "CGO_ENABLED=1"
	}
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s (in the directory bench): %w\n%s", cmd, err, out)
	}
	return path, nil
}

// sizes gives how many bytes each program has more than the one without a filter:
// as the go command links it, and without symbols and debugging information.
func (b builder) sizes(all []program) ([][]float64, error) {
	sizes := make([][]float64, len(all))
	without := make([]float64, 2)
	for i, p := range all {
		for _, ldflags := range []string{"", "-s -w"} {
			path, err := b.build(p, "-ldflags="+ldflags)
			if err != nil {
				return nil, err
			}
			info, err := os.Stat(path)
			if err != nil {
				return nil, err
			}
			sizes[i] = append(sizes[i], float64(info.Size()))
		}
		if p.dir == "nothing" {
			copy(without, sizes[i])
		}
	}
	for i := range sizes {
		for j := range without {
			sizes[i][j] -= without[j]
		}
	}
	return sizes, nil
}

// startTimes gives, in nanoseconds, how long each program takes until its filter
// is in force: from before it is started, and from the beginning of main.
func (b builder) startTimes(rounds int, all []program) ([][]float64, error) {
	var turns []func() ([]float64, error)
	for _, p := range all {
		path, err := b.build(p)
		if err != nil {
			return nil, err
		}
		turns = append(turns, func() ([]float64, error) { return start(path) })
	}
	return measure.Turns(rounds, turns)
}

func start(path string) ([]float64, error) {
	cmd := exec.Command(path)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var within float64
	_, err = fmt.Fscan(stdout, &within)
	took := float64(time.Since(begin).Nanoseconds())
	if ended := cmd.Wait(); ended != nil {
		err = ended
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return []float64{took, within}, nil
}
