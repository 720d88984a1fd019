package gen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/target"
)

// A Package is a main package that a lock-down is written for.
type Package struct {
	ImportPath string
	Dir        string // absolute

	goFiles []string // the files of the build, without tests, below Dir
	build   config
	setup   target.Build
}

// A config is what the go command says about how it builds.
type config struct {
	arch    string
	cgo     bool
	tags    []string // by -tags, GOFLAGS included
	tools   []string // what the toolchain adds to them
	release []string // go1.1 to that of the toolchain
}

// Find finds the one main package that a pattern stands for. The flags and the
// environment of how are those of every later build; the system is Linux,
// whatever system curb itself runs on.
func Find(ctx context.Context, pattern string, how target.Build) (*Package, error) {
	how.Env = append(slices.Clone(how.Env), "GOOS=linux")
	p := &Package{setup: how}
	found, err := p.list(ctx, pattern, "-e", "-json=ImportPath,Dir,Name,GoFiles,Error")
	if err != nil {
		return nil, err
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("find package %s: the pattern matches none", pattern)
	case len(found) > 1:
		return nil, fmt.Errorf("find package %s: the pattern matches %d packages, and a lock-down is made for one: name it", pattern, len(found))
	case found[0].Error != nil:
		return nil, fmt.Errorf("find package %s: %s", pattern, strings.TrimSpace(found[0].Error.Err))
	case found[0].ImportPath == "command-line-arguments":
		return nil, fmt.Errorf("find package %s: that is a file: name its directory, since the lock-down is for all of the package", pattern)
	case found[0].Name != "main":
		return nil, fmt.Errorf("find package %s: it is package %s, not a program (package main), so there is nothing to lock down", pattern, found[0].Name)
	}
	p.ImportPath, p.Dir, p.goFiles = found[0].ImportPath, found[0].Dir, found[0].GoFiles
	if p.build, err = p.describe(ctx); err != nil {
		return nil, err
	}
	if slices.Contains(p.build.tools, "race") {
		return nil, fmt.Errorf("look at %s: GOFLAGS turns the race detector on, and no lock-down is made for such builds", pattern)
	}
	return p, nil
}

// Build says how the package is built.
func (p *Package) Build() target.Build { return p.setup }

// describe asks the go command how it builds the package.
func (p *Package) describe(ctx context.Context) (config, error) {
	const format = `{{context.GOARCH}}
{{context.CgoEnabled}}
{{join context.BuildTags " "}}
{{join context.ToolTags " "}}
{{join context.ReleaseTags " "}}`
	out, err := p.goCommand(ctx, nil, slices.Concat([]string{"list", "-e", "-f", format}, p.setup.Flags, []string{"--", p.ImportPath})...)
	if err != nil {
		return config{}, err
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) != 5 || lines[4] == "" {
		return config{}, fmt.Errorf("ask go list how it builds %s: unexpected answer %q", p.ImportPath, out)
	}
	return config{
		arch: lines[0], cgo: lines[1] == "true",
		tags: strings.Fields(lines[2]), tools: strings.Fields(lines[3]), release: strings.Fields(lines[4]),
	}, nil
}

// A listed is what go list says about a package.
type listed struct {
	ImportPath, Dir, Name string
	Standard              bool
	GoFiles, CgoFiles     []string
	SFiles                []string
	IgnoredGoFiles        []string
	IgnoredOtherFiles     []string
	Error                 *struct{ Err string }
}

// list runs go list with flags that make it print JSON.
func (p *Package) list(ctx context.Context, pattern string, flags ...string) ([]listed, error) {
	return p.listIn(ctx, nil, pattern, flags...)
}

// listIn is list with additions to the environment.
func (p *Package) listIn(ctx context.Context, env []string, pattern string, flags ...string) ([]listed, error) {
	out, err := p.goCommand(ctx, env, slices.Concat([]string{"list"}, flags, p.setup.Flags, []string{"--", pattern})...)
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var one listed
		if err := d.Decode(&one); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says about %s: %w", pattern, err)
		}
		all = append(all, one)
	}
}

// goCommand runs the go command and returns what it printed.
func (p *Package) goCommand(ctx context.Context, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = p.setup.Dir
	cmd.Env = slices.Concat(os.Environ(), p.setup.Env, env)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the go command is not in PATH")
	case err != nil:
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
