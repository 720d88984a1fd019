package main

import (
	"github.com/spf13/cobra"

	"github.com/gocurb/curb/internal/target"
)

// buildFlags are the flags for go build that subcommands pass on where the
// target is a package.
type buildFlags struct {
	tags, ldflags string
}

func (f *buildFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.tags, "tags", "", "build `tags`, where TARGET is a package")
	cmd.Flags().StringVar(&f.ldflags, "ldflags", "", "linker `flags`, where TARGET is a package")
}

func (f *buildFlags) build() target.Build {
	var b target.Build
	if f.tags != "" {
		b.Flags = append(b.Flags, "-tags="+f.tags)
	}
	if f.ldflags != "" {
		b.Flags = append(b.Flags, "-ldflags="+f.ldflags)
	}
	return b
}
