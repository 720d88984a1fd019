package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/scan"
)

// addAssume adds the flag for what is taken for granted of the program's surroundings.
func (f *lookFlags) addAssume(cmd *cobra.Command) {
	cmd.Flags().Var((*assume)(&f.opts.Assume), "assume", "leave out what happens only if somebody sets GODEBUG or GOTRACEBACK in the program's environment,\nand take for granted that nobody does (env)")
	cmd.Flags().Var((*assumeDlopen)(&f.opts.Assume), "assume-dlopen", "where C code loads a library (dlopen) and it cannot be told which, take for granted that it is\n`FILE`, a path or a name that the loader looks for, and count all functions in it, or that\nnothing is loaded (none); may be given several times")
}

// An assume is the value of --assume.
type assume scan.Assume

func (a *assume) String() string {
	if a.Env {
		return "env"
	}
	return ""
}

func (a *assume) Type() string { return "WHAT" }

func (a *assume) Set(s string) error {
	for what := range strings.SplitSeq(s, ",") {
		if what != "env" {
			return fmt.Errorf("it takes env")
		}
		a.Env = true
	}
	return nil
}

// An assumeDlopen is the value of --assume-dlopen.
type assumeDlopen scan.Assume

func (a *assumeDlopen) Type() string { return "FILE" }

func (a *assumeDlopen) String() string {
	if a.Dlopen != nil && len(a.Dlopen) == 0 {
		return "none"
	}
	return strings.Join(a.Dlopen, ",")
}

func (a *assumeDlopen) Set(s string) error {
	for file := range strings.SplitSeq(s, ",") {
		switch none := file == "none"; {
		case file == "":
			return fmt.Errorf("it takes the path or the name of a library, or none")
		case a.Dlopen != nil && none == (len(a.Dlopen) > 0):
			return fmt.Errorf("none cannot be given with other values")
		case none:
			a.Dlopen = []string{}
		case strings.Contains(file, "/"): // a name without one is looked for
			abs, err := filepath.Abs(file)
			if err != nil {
				return err
			}
			a.Dlopen = append(a.Dlopen, abs)
		default:
			a.Dlopen = append(a.Dlopen, file)
		}
	}
	return nil
}
