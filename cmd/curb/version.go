package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/syscalls"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "say which curb this is, and which kernel its tables go up to",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version := "(devel)"
			if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
				version = bi.Main.Version
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "curb %s (%s, %s/%s), system calls up to Linux %s\n",
				version, runtime.Version(), runtime.GOOS, runtime.GOARCH, syscalls.KernelNumbers)
			return err
		},
	}
}
