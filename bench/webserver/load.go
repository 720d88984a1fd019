package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
)

const (
	clients = 24
	// perConnection is how many requests a client makes before it takes a new
	// connection, on the average.
	perConnection = 20
)

// load asks the server for everything that it has, until the context ends, and
// returns how many answers there were.
func load(ctx context.Context, address string) (int, error) {
	var answers atomic.Int64
	var failure atomic.Value
	var wg sync.WaitGroup
	for i := range clients {
		rnd := rand.New(rand.NewPCG(uint64(i), 1))
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				if err := ask(client, "http://"+address, rnd); err != nil {
					failure.Store(err)
					return
				}
				answers.Add(1)
				if rnd.IntN(perConnection) == 0 {
					client.CloseIdleConnections()
				}
			}
		})
	}
	wg.Wait()
	err, _ := failure.Load().(error)
	return int(answers.Load()), err
}

// ask makes one request: of a hundred, 65 for what comes from memory and 35
// for files.
func ask(client *http.Client, server string, rnd *rand.Rand) error {
	var answer *http.Response
	var err error
	switch n := rnd.IntN(100); {
	case n < 65:
		answer, err = client.Get(server + "/status")
	case n < 85:
		answer, err = client.Get(server + "/files/small.html")
	case n < 97:
		answer, err = client.Get(server + "/files/medium.js")
	default:
		answer, err = client.Get(server + "/files/large.jpg")
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", answer.Request.Method, answer.Request.URL, answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
