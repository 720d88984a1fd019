package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const xsysModule = "golang.org/x/sys"

// An xsys is the module golang.org/x/sys, which carries the numbers of every
// Linux architecture of a kernel that is usually newer than the machine's
// headers.
type xsys struct {
	dir     string
	version string // of the module
	linux   string // release of the kernel that its numbers are from
}

var (
	sysnumConst = regexp.MustCompile(`(?m)^\s*SYS_(\w+)\s*=\s*(\d+)$`)
	// The module's own generator fetches the kernel by tag.
	kernelTag = regexp.MustCompile(`--branch v(\S+) .*/linux\b`)
)

// findXSys asks the go command which version dir's module uses, and where it is.
func findXSys(dir string) (*xsys, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}\n{{.Version}}", xsysModule)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("looking for the module %s: %w", xsysModule, err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if root == "" {
		return nil, fmt.Errorf("the module %s is not in the module cache: run go mod download", xsysModule)
	}
	script, err := os.ReadFile(filepath.Join(root, "unix", "linux", "Dockerfile"))
	if err != nil {
		return nil, fmt.Errorf("looking for the kernel release in %s: %w", xsysModule, err)
	}
	tag := kernelTag.FindSubmatch(script)
	if tag == nil {
		return nil, fmt.Errorf("%s %s does not say in unix/linux/Dockerfile which kernel it was made from", xsysModule, version)
	}
	return &xsys{root, version, string(tag[1])}, nil
}

// numbers reads the numbers of one architecture.
func (x *xsys) numbers(goarch string) (map[string]uint32, error) {
	path := filepath.Join(x.dir, "unix", "zsysnum_linux_"+goarch+".go")
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	numbers := map[string]uint32{}
	for _, m := range sysnumConst.FindAllSubmatch(content, -1) {
		nr, err := strconv.ParseUint(string(m[2]), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: SYS_%s: %w", path, m[1], err)
		}
		numbers[strings.ToLower(string(m[1]))] = uint32(nr)
	}
	if len(numbers) == 0 {
		return nil, fmt.Errorf("%s has no constants SYS_…", path)
	}
	return numbers, nil
}

// alike is where the numbers begin that all architectures share (Linux 5.1).
const alike = 424

// numbersOf reads the numbers of an architecture. A companion, which the module
// does not know, has those of its architecture that are newer than what is seen
// of it elsewhere.
func (x *xsys) numbersOf(a *arch, arches []*arch, seen map[string]uint32) (map[string]uint32, error) {
	if a.companionOf == "" {
		return x.numbers(a.name)
	}
	of := archNamed(arches, a.companionOf)
	newest := uint32(alike)
	for _, nr := range seen {
		if nr-a.base < 512 { // x32 has calls of its own from there on
			newest = max(newest, nr-a.base)
		}
	}
	all, err := x.numbers(of.name)
	if err != nil {
		return nil, err
	}
	numbers := map[string]uint32{}
	for name, nr := range all {
		if nr-of.base > newest {
			numbers[name] = nr - of.base + a.base
		}
	}
	return numbers, nil
}
