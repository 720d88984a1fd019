// Package shapes has interfaces of its own, filled by others' types.
package shapes

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

type shape interface{ draw() }

type square struct{ side int }

func (square) draw() { rare.Call("inotify_rm_watch", unix.SYS_INOTIFY_RM_WATCH) }

type circle struct{ square }

func (*circle) draw() { rare.Call("inotify_add_watch", unix.SYS_INOTIFY_ADD_WATCH) }

var shapes []shape

func init() { shapes = append(shapes, square{1}, new(circle)) }

// Draw draws all.
func Draw() {
	for _, s := range shapes {
		s.draw()
	}
}
