// Package setter sets a variable of another one.
package setter

import "github.com/gocurb/curb/scan/testdata/breakers/globals/other"

func init() { other.ByInit = true }
