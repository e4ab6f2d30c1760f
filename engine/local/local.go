// SPDX-License-Identifier: Apache-2.0

// Package local answers the questions of package engine from a store.
//
// [New] makes an [Engine] over an open store; it starts nothing and keeps nothing between questions except the
// resourceVersion clocks, which package index derives and stamps. An answer is a function of the facts in the store:
// the same facts give the same answer in any order of arrival, before and after sealing. Every answer carries
// what could not be seen, and whether a limit cut it.
package local

import (
	"sync/atomic"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// Config of an Engine. The zero value serves; a zero limit means its default.
type Config struct {
	Version string // of the program, for Info
	Data    string // the store's directory, for Info
	Limits  Limits
	Modes   *trace.Modes // display modes of traces; nil: the built-in ones
	// LinkRules say which objects are linked; nil: the built-in rules.
	LinkRules *link.Rules
}

// Limits bound what one question may cost. What a limit cuts is said in the answer.
type Limits struct {
	Objects   int           // entries of one list of objects, where the question names none; default 500
	Entries   int           // entries of one history, where the question names none; default 1000
	Hits      int           // hits of one search, where the question names none; default 1000
	Revisions int           // revisions of one object that one question reads; default 20000
	Requests  int           // requests that one question about an object reads; default 50000
	Scanned   int           // records that one search or count looks at; default 20 million
	Spans     int           // spans and logs of one trace, where the question names none; default 50,000
	Traces    int           // traces of one search, where the question names none; default 20
	Gaps      int           // gaps listed by one coverage; default 200
	Rows      int           // rows of one table of counts; default 20
	Links     int           // links of one object, where the question names none; default 5000
	Nodes     int           // objects of one tree, where the question names none; default 10000
	Lanes     int           // rows of one timeline, where the question names none; default 20000
	Time      time.Duration // one search or count; default 60 s
}

func (l Limits) withDefaults() Limits {
	for _, f := range [...]struct {
		limit *int
		std   int
	}{{&l.Objects, 500}, {&l.Entries, 1000}, {&l.Hits, 1000}, {&l.Revisions, 20_000}, {&l.Requests, 50_000},
		{&l.Scanned, 20_000_000}, {&l.Spans, 50_000}, {&l.Traces, 20}, {&l.Gaps, 200}, {&l.Rows, 20}, {&l.Links, 5000}, {&l.Nodes, 10_000}, {&l.Lanes, 20_000}} {
		if *f.limit <= 0 {
			*f.limit = f.std
		}
	}
	if l.Time <= 0 {
		l.Time = time.Minute
	}
	return l
}

// Engine answers from one store. Its methods may be called concurrently.
type Engine struct {
	st     store.Store
	config Config
	limits Limits
	clocks *index.Clocks
	links  *index.Links
	modes  atomic.Pointer[trace.Modes]

	members       int // of one set, at most
	refusedLooked int // requests that one scan for refused names looks at, at most

	amounts amountsCache
	answers answerCache
}

var _ engine.Engine = (*Engine)(nil)

// New makes an Engine over st, which stays the caller's to close.
func New(st store.Store, config Config) *Engine {
	modes := config.Modes
	if modes == nil {
		modes = trace.Builtin()
	}
	if config.LinkRules == nil {
		config.LinkRules = link.Builtin()
	}
	e := &Engine{st: st, config: config, limits: config.Limits.withDefaults(), clocks: index.NewClocks(st),
		links: index.NewLinks(st, config.LinkRules), members: maxMembers, refusedLooked: maxRefusedLooked, amounts: amountsCache{turn: make(chan struct{}, 1)}}
	e.modes.Store(modes)
	return e
}

// UseModes shows traces that are asked for from now on by other display modes. A trace under way ends by those it began with.
func (e *Engine) UseModes(modes *trace.Modes) { e.modes.Store(modes) }

// LinkIndex gives the index of links that the engine asks: the role that writes to the store lets it Run.
func (e *Engine) LinkIndex() *index.Links { return e.links }

// Clocks gives the clocks that the engine asks: the role that writes to the store lets them Run.
func (e *Engine) Clocks() *index.Clocks { return e.clocks }
