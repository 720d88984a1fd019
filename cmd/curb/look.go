package main

import (
	"github.com/spf13/cobra"

	"github.com/gocurb/curb/internal/target"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// look builds what arg names, if it is a package, and scans it. The target is
// to be closed, but for an error.
func look(cmd *cobra.Command, arg string, b target.Build, opts scan.Options) (*target.Target, *usage.Usage, error) {
	done := progress(cmd.ErrOrStderr(), "building "+arg)
	t, err := target.Resolve(cmd.Context(), arg, b)
	done()
	if err != nil {
		return nil, nil, err
	}
	done = progress(cmd.ErrOrStderr(), "reading "+arg)
	u, err := scan.File(t.Binary, opts)
	done()
	if err != nil {
		t.Close()
		return nil, nil, err
	}
	if t.Package != "" {
		u.Binary = t.Package
	}
	return t, u, nil
}
