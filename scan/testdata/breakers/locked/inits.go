package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func init() {
	atExit = append(atExit, func() { rare.Call("mq_notify", unix.SYS_MQ_NOTIFY) })
}
