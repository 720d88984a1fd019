package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/scan"
)

func newScan() *cobra.Command {
	var (
		asJSON bool
		opts   scan.Options
		flags  buildFlags
	)
	cmd := &cobra.Command{
		Use:   "scan TARGET",
		Short: "say which system calls a program can make, and which code makes them",
		Long: `Scan reads a Go binary and lists every system call that its code can make, with
the code that makes it. It does not run the program. If the number of some call
cannot be told, scan says where and why, and exits with status 3.`,
		Args: needsTarget(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, u, err := look(cmd, args[0], flags.build(), opts)
			if err != nil {
				return err
			}
			defer t.Close()
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				err = enc.Encode(u)
			} else {
				err = u.WriteTable(cmd.OutOrStdout())
			}
			if err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			if len(u.Unresolved) > 0 {
				return &exitError{code: exitUndecided}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVar(&opts.AllCode, "all-code", false, "take all code in the binary, whether the program can reach it or not")
	flags.add(cmd)
	return cmd
}
