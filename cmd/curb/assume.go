package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/scan"
)

// addAssume adds the flag for what is taken for granted of the program's surroundings.
func (f *lookFlags) addAssume(cmd *cobra.Command) {
	cmd.Flags().Var((*assume)(&f.opts.Assume), "assume", "leave out what happens only if somebody sets GODEBUG or GOTRACEBACK in the program's environment,\nand take for granted that nobody does (env)")
}

// An assume is the value of --assume.
type assume scan.Assume

func (a *assume) String() string { return strings.Join(scan.Assume(*a).Names(), ",") }
func (a *assume) Type() string   { return "WHAT" }

func (a *assume) Set(s string) error {
	for what := range strings.SplitSeq(s, ",") {
		if what != "env" {
			return fmt.Errorf("it takes env")
		}
		a.Env = true
	}
	return nil
}
