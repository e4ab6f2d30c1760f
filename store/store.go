// SPDX-License-Identifier: Apache-2.0

// Package store is the narrow interface between facts and everything that reads them.
//
// [Store] is what a driver provides; storetest holds its conformance suite; each driver has a folder of its own.
// A driver stores facts and a few indexes that are functions of single facts (merged commutatively), so that the
// same facts give the same answers in any order of arrival. It decides nothing about objects, joins or blame.
package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Errors that callers test for.
var (
	// ErrLocked: another process holds the directory. The error's text says which and what to do.
	ErrLocked = errors.New("store is in use by another process")
	// ErrFormat: the directory was written in a format this program does not read.
	ErrFormat = errors.New("store has another format")
	// ErrNotFound: there is no such entry.
	ErrNotFound = errors.New("not found")
	// ErrCorrupt: what is on disk does not decode or does not match its checksum.
	ErrCorrupt = errors.New("store is damaged")
	// ErrFull: the disk has too little room left to write. Reads go on, and writes do once there is room again.
	ErrFull = errors.New("the store's disk is full")
	// ErrFailed: a write failed in a way that leaves open what is on disk. Reads go on; nothing is written until the store is opened anew.
	ErrFailed = errors.New("the store can not be written any more")
	// ErrInvalid: what was to be appended is no record: a mistake of the caller.
	ErrInvalid = errors.New("not a valid record")
)

// Store keeps records. All methods may be called concurrently; iterators see a snapshot taken when
// they start, stop when ctx ends (yielding its error last), and yield records that must not be changed.
type Store interface {
	// Append makes the batch durable under the driver's sync policy, then returns. Appending a fact again is
	// harmless: deliveries of one fact are merged (record.Merge; differing bodies of one revision are kept as variants).
	// On an error nothing is promised about the batch; the caller may append it again.
	Append(ctx context.Context, batch []*record.Record) (Appended, error)

	// Object finds the catalogue entry of a UID, or ErrNotFound.
	Object(ctx context.Context, key ObjectKey) (*Entry, error)
	// Objects yields the entries that match, ordered by cluster, group, resource, namespace, name, first resourceVersion unless the scan leaves
	// the order open.
	Objects(ctx context.Context, scan ObjectScan) iter.Seq2[*Entry, error]

	// Revisions yields the revisions of one object by rising resourceVersion, all variants of one resourceVersion in a
	// row in a fixed order. Revisions carried into the floor come first with record.FromFloor in their Sources.
	Revisions(ctx context.Context, key ObjectKey, between RVRange) iter.Seq2[*record.Record, error]
	// RevisionBefore gives the variants of the newest revision of the object with RV <= rv, or ErrNotFound.
	RevisionBefore(ctx context.Context, key ObjectKey, rv record.ResourceVersion) ([]*record.Record, error)
	// Briefs tells of many objects what a list of them shows, one Brief for each question in the order asked. It shares
	// what single questions would set up again for each, and reads no more than is asked for; asking in the order of
	// cluster and UID reads neighbours together.
	Briefs(ctx context.Context, asked []BriefAsk) iter.Seq2[Brief, error]
	// End of an object's life, or ErrNotFound.
	End(ctx context.Context, key ObjectKey) (*record.Record, error)
	// Requests yields requests to one name, or to a collection, by rising OccurredAt.
	Requests(ctx context.Context, scan RequestScan) iter.Seq2[*record.Record, error]
	// Request finds one request by identity. At narrows the search: its OccurredAt.
	Request(ctx context.Context, cluster record.Cluster, id record.ID, at time.Time) (*record.Record, error)
	// Events yields the KubeEvents that regard one object's name, by rising OccurredAt.
	Events(ctx context.Context, scan EventScan) iter.Seq2[*record.Record, error]

	// Spans yields the spans, log lines and pushed records that name one object, or some requests, or are of some traces, by rising
	// OccurredAt.
	Spans(ctx context.Context, scan SpanScan) iter.Seq2[*record.Record, error]

	// Window yields every record of the kinds asked for, in no particular but always the same order.
	// Requests, KubeEvents, Spans and Gaps are bounded by time; Revisions and Ends, which carry no time, by resourceVersions.
	Window(ctx context.Context, scan WindowScan) iter.Seq2[*record.Record, error]
	// Gaps that the sources reported in the window (gaps of unknown begin or end always match).
	Gaps(ctx context.Context, cluster record.Cluster, between TimeRange) iter.Seq2[*record.Record, error]
	// Progress that lists and watches reported, by cluster, resource, rising resourceVersion.
	Progress(ctx context.Context, cluster record.Cluster) iter.Seq2[*record.Record, error]
	// Seen tells per resource, verb class and hour at which levels requests were recorded.
	Seen(ctx context.Context, cluster record.Cluster, between TimeRange) iter.Seq2[Seen, error]

	// Pins yields what single requests tell about the clock of a storage, by rising resourceVersion, then time.
	Pins(ctx context.Context, cluster record.Cluster, storage record.Storage, between RVRange) iter.Seq2[record.Pin, error]
	// PinsDown is Pins by falling resourceVersion.
	PinsDown(ctx context.Context, cluster record.Cluster, storage record.Storage, between RVRange) iter.Seq2[record.Pin, error]

	// Clusters that have records, sorted; with the storages each has revisions or pins in.
	Clusters(ctx context.Context) ([]ClusterInfo, error)
	// Meta reads a small value kept beside the facts (stamps of derived data, the address of the process that serves the
	// directory, redaction key IDs); nil where there is none. SetMeta with nil removes it.
	Meta(ctx context.Context, key string) ([]byte, error)
	SetMeta(ctx context.Context, key string, value []byte) error
	// Derived yields and replaces derived data: an index room's own keys and values below a name.
	Derived(ctx context.Context, name string, prefix []byte) iter.Seq2[KeyValue, error]
	SetDerived(ctx context.Context, name string, change []KeyValue) error

	// Buckets lists the parts that are dropped as a whole, oldest first within a cluster and family.
	Buckets(ctx context.Context) ([]Bucket, error)
	// Drop removes buckets and, in the same durable step, writes what the floor carries for them.
	Drop(ctx context.Context, buckets []Bucket, carry []Carried) error
	// Floor of one object, or ErrNotFound.
	Floor(ctx context.Context, key ObjectKey) (*Carried, error)

	// Seal gives every bucket that is no longer written its final encoding and waits until the driver has settled.
	Seal(ctx context.Context, progress func(done, total int)) error
	// Size tells what is on disk, after everything written so far was flushed.
	Size(ctx context.Context) (Size, error)
	// Close flushes and lets the directory go.
	Close() error
}

// Appended counts what a batch held.
type Appended struct {
	Records int
	Late    int // refused: older than the floor of their cluster
	// Known were delivered before, as far as the driver remembers: it looks at what it wrote lately, never on disk.
	Known int
}

// ObjectKey names one object: a UID in a cluster.
type ObjectKey struct {
	Cluster record.Cluster
	UID     record.UID
}

// BriefAsk is a question for one object in a list.
type BriefAsk struct {
	Key    ObjectKey
	Count  int                    // count its distinct resourceVersions with a revision up to this; zero: do not
	Before record.ResourceVersion // the newest revision with at most this resourceVersion; zero: none
	Last   bool                   // the last state: its End where that carries a body, else the newest revision
}

// Brief answers a BriefAsk.
type Brief struct {
	Revisions int
	Newest    []*record.Record // variants of one revision; empty where there is none
	End       *record.Record
}

// RVRange bounds resourceVersions, both ends included; To zero means no upper bound.
type RVRange struct{ From, To record.ResourceVersion }

// TimeRange bounds times, From included, To excluded; zero means unbounded.
type TimeRange struct{ From, To time.Time }

// Contains reports whether t lies in the range.
func (r TimeRange) Contains(t time.Time) bool {
	return (r.From.IsZero() || !t.Before(r.From)) && (r.To.IsZero() || t.Before(r.To))
}

// Entry is the catalogue's word on one object: derived from single facts, merged commutatively.
type Entry struct {
	Ref     record.ObjectRef // Version is the greatest seen; Kind where known
	Storage record.Storage
	// FirstRV and LastRV are the least and greatest resourceVersions of its revisions; LastRV also counts the End.
	FirstRV, LastRV record.ResourceVersion
	CreatedAt       time.Time // metadata.creationTimestamp (whole seconds)
	// Created: a record shows that the object was created within the recording (a create answered 201, or a patch 201),
	// as its revision FirstRV.
	Created bool
	Ended   bool
	// EndRV and EndAt are what the End told, where it did (EndAt: stageTimestamp of the earliest request that ended it).
	EndRV record.ResourceVersion
	EndAt time.Time
	// FirstAt and LastAt are the earliest and latest OccurredAt/StageAt of requests that named this UID; zero if none.
	FirstAt, LastAt time.Time
	// Revisions counts at least the distinct revisions delivered: an estimate from above is never given; zero unknown.
	Labels []record.KeyValue // every label pair that any recorded state had, sorted: a filter before reading states
	// Owners are the UIDs named by any recorded state's ownerReferences, sorted.
	Owners []record.UID
}

// Key of the entry's object.
func (e *Entry) Key() ObjectKey { return ObjectKey{Cluster: e.Ref.Cluster, UID: e.Ref.UID} }

// ObjectScan selects catalogue entries. Empty fields match all; Resource empty needs no Group.
type ObjectScan struct {
	Cluster    record.Cluster
	Resource   *record.GroupResource
	Namespace  string
	Name       string // exact
	NamePrefix string
	UID        record.UID
	// NoEvents leaves the entries of Kubernetes Events out before they are read: they are many.
	NoEvents bool
	// AnyOrder lets the driver yield the entries of each cluster in whatever order costs least, the same one each time.
	AnyOrder bool
}

// RequestScan selects requests to one name (Name set: the object and its subresources) or, with Name empty, to the
// collection itself (deletecollection, list, creates whose name is not known). Namespace empty: cluster-scoped.
type RequestScan struct {
	Cluster   record.Cluster
	Resource  record.GroupResource
	Namespace string
	Name      string
	Between   TimeRange // of OccurredAt
	Reads     bool      // also get, list, watch
}

// EventScan selects the KubeEvents regarding one name. UID is not compared: the caller does.
type EventScan struct {
	Cluster   record.Cluster
	Kind      string
	Namespace string
	Name      string
	Between   TimeRange
}

// SpanScan selects spans of one cluster by exactly one of: the object's name that they name (UID is not compared: the caller does),
// the audit ID that they carry, one of a list, or their trace, one of a list. Answers for lists cost by the hours of Between.
type SpanScan struct {
	Cluster   record.Cluster
	Resource  record.GroupResource
	Namespace string
	Name      string
	AuditIDs  []string
	TraceIDs  []record.TraceID
	Between   TimeRange // of OccurredAt
}

// WindowScan selects records of one cluster, or of all (Cluster empty).
type WindowScan struct {
	Cluster record.Cluster
	Kinds   []record.Kind
	Between TimeRange
	// Revisions bounds, per storage, the revisions and ends; a storage that is not named is read whole, or not at all
	// where OnlyNamed is set.
	Revisions map[record.Storage]RVRange
	OnlyNamed bool
	// Resource, Namespace and Name narrow the scan where set; a driver may use them to skip.
	Resource  *record.GroupResource
	Namespace string
	Name      string
	Reads     bool // also requests that are reads
	// Skip, where set, is asked with the body of a revision that is whole and has no variant beside it, before the rest is decoded:
	// true leaves the revision out, an error ends the scan. Of others it is not asked, and a driver need not ask at all. The body
	// is good during the call alone.
	Skip func(body []byte) (bool, error)
	// SkipRequest is Skip by a request's time and head.
	SkipRequest func(at time.Time, head record.RequestHead) bool
	// Except names objects: requests to one of these names are not asked for, and a driver that knows them by a hash of the name may leave them out before it reads
	// them. A driver need not.
	Except iter.Seq[record.ObjectRef]
	// HeadsOnly leaves Revision.Body, End.LastBody and Request.Sent empty where that saves work.
	HeadsOnly bool
}

// Seen says that in one hour requests of a class were recorded at some levels.
type Seen struct {
	Cluster   record.Cluster
	Resource  record.GroupResource
	Write     bool      // of requests that may change an object; else of all others, see record.Record.MayChange
	Hour      time.Time // start, UTC
	Levels    []record.Level
	Truncated bool // some event of it was truncated or cut
}

// ClusterInfo names a cluster that has records.
type ClusterInfo struct {
	Name         record.Cluster
	Storages     []record.Storage
	Incarnations []record.UID // UIDs of its kube-system namespaces; more than one: rebuilt under one name
	First, Last  time.Time    // OccurredAt of its first request or KubeEvent, and of the last one of those or spans; zero if none
}

// KeyValue is one entry of derived data. A nil Value removes the key.
type KeyValue struct{ Key, Value []byte }

// Family tells what a bucket holds: facts with a time, or revisions by resourceVersion.
type Family uint8

// The families of buckets.
const (
	FamilyTimed     Family = 1 // requests, KubeEvents, spans: by hour of OccurredAt
	FamilyRevisions Family = 2 // revisions and ends: by range of resourceVersions in one storage
)

// Bucket is a part of the store that is dropped as a whole.
type Bucket struct {
	Cluster record.Cluster
	Family  Family
	Time    TimeRange      // FamilyTimed
	Storage record.Storage // FamilyRevisions
	RVs     RVRange        // FamilyRevisions
	Bytes   int64          // on disk, estimated
	Sealed  bool
}

// Carried is what the floor keeps of one object whose older buckets were dropped: the newest revision it had
// (all variants) and the blame of its fields, in the encoding of whoever carries (object.EncodeBlame).
type Carried struct {
	Key      ObjectKey
	Revision []*record.Record
	Blame    []byte
	At       time.Time // the floor: nothing before it is known any more
}

// Size tells bytes and records on disk.
type Size struct {
	Disk    int64 // all files of the directory that hold what was taken in
	Classes []ClassSize
}

// ClassSize is the share of one class of keys: "requests", "revisions", "ends", "events", "spans", "catalogue", "names",
// "pins", "seen", "gaps", "progress", "derived", "floor", "meta", "log".
type ClassSize struct {
	Class   string
	Records int64 // estimated
	Raw     int64 // encoded, before compression; estimated
	Disk    int64 // estimated
}
