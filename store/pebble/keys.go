package pebble

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/kubewake/kubewake/record"
)

// The first byte of every key tells its family. Letters are part of the stored format.
const (
	famCatalogue byte = 'c' // cluster, uid -> entry
	famEnd       byte = 'd' // cluster, uid -> end: what was told of an end without any resourceVersion
	famEvent     byte = 'e' // cluster, hour, name hash, time in hour -> events
	famFloors    byte = 'f' // cluster -> floors: what was dropped
	famGap       byte = 'g' // cluster, time, id -> gap
	famHours     byte = 'h' // cluster, family, name hash -> hours that hold records of the name
	famPushed    byte = 'i' // cluster, id of a pushed record -> where its earliest time lies
	famCarried   byte = 'k' // cluster, uid -> what the floor keeps of an object
	famTraceRef  byte = 'l' // cluster, hour, what it is found by, its hash, name hash, time in hour -> nothing: such a span is there
	famMeta      byte = 'm' // name -> value
	famName      byte = 'n' // cluster, group, resource, namespace, name, uid
	famTraced    byte = 'o' // cluster, hour, name hash, time in hour -> spans, log lines, pushed records
	famPin       byte = 'p' // cluster, storage, resourceVersion, made, times
	famRequest   byte = 'q' // cluster, hour, class, name hash, time in hour -> requests
	famProgress  byte = 'r' // cluster, storage, group, resource, namespace, resourceVersion, list
	famSeen      byte = 's' // cluster, hour, group, resource, write -> levels
	famSpan      byte = 't' // cluster, hour -> earliest and latest time in it
	famRevision  byte = 'v' // cluster, storage, bucket, kin, uid, resourceVersion [, end mark] -> variants
	famDerived   byte = 'x' // name, key -> value
	famFeed      byte = 'y' // number of an append -> what it touched
)

// families lists all of them in key order, with the class under which Size counts them.
var families = [...]struct {
	prefix byte
	class  string
}{
	{famCatalogue, "catalogue"}, {famEnd, "ends"}, {famEvent, "events"}, {famFloors, "floor"}, {famGap, "gaps"}, {famHours, "names"}, {famPushed, "spans"},
	{famCarried, "floor"}, {famTraceRef, "spans"}, {famMeta, "meta"}, {famName, "names"}, {famTraced, "spans"}, {famPin, "pins"}, {famRequest, "requests"}, {famProgress, "progress"},
	{famSeen, "seen"}, {famSpan, "seen"}, {famRevision, "revisions"}, {famDerived, "derived"}, {famFeed, "derived"},
}

const (
	classWrite byte = 0
	classRead  byte = 1

	endMark     byte = 0xff // behind the resourceVersion of a revision key: this is the part of an End
	nanosInHour      = int64(time.Hour)
)

// appendString writes s so that keys sort as their strings do and no string is a prefix of another: NUL becomes 00 FF, the end is 00 01.
func appendString[S ~string](key []byte, s S) []byte {
	if strings.IndexByte(string(s), 0) < 0 {
		return append(append(key, s...), 0, 1)
	}
	for i := range len(s) {
		key = append(key, s[i])
		if s[i] == 0 {
			key = append(key, 0xff)
		}
	}
	return append(key, 0, 1)
}

// cutString reads what appendString wrote.
func cutString(key []byte) (s string, rest []byte, ok bool) {
	var escaped []byte
	for from := 0; ; {
		i := bytes.IndexByte(key[from:], 0)
		if i < 0 || from+i+1 >= len(key) {
			return "", nil, false
		}
		i += from
		switch key[i+1] {
		case 1:
			if escaped == nil {
				return string(key[:i]), key[i+2:], true
			}
			return string(append(escaped, key[from:i]...)), key[i+2:], true
		case 0xff:
			escaped = append(escaped, key[from:i+1]...)
			from = i + 2
		default:
			return "", nil, false
		}
	}
}

// appendUID writes a UID in the form that Kubernetes gives as 16 bytes behind a 01, any other as a string behind a 02.
func appendUID(key []byte, uid record.UID) []byte {
	if raw, ok := rawUUID(string(uid)); ok {
		return append(append(key, 1), raw[:]...)
	}
	return appendString(append(key, 2), uid)
}

func cutUID(key []byte) (record.UID, []byte, bool) {
	switch {
	case len(key) > 16 && key[0] == 1:
		return record.UID(uuidString(key[1:17])), key[17:], true
	case len(key) > 0 && key[0] == 2:
		s, rest, ok := cutString(key[1:])
		return record.UID(s), rest, ok
	}
	return "", nil, false
}

// rawUUID gives the bytes of a UUID in its one canonical form, lower case with four dashes.
func rawUUID(s string) (raw [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return raw, false
	}
	n := 0
	for i := 0; i < 36; i += 2 {
		if s[i] == '-' {
			i++
		}
		hi, lo := hexDigit(s[i]), hexDigit(s[i+1])
		if hi|lo > 15 {
			return raw, false
		}
		raw[n] = hi<<4 | lo
		n++
	}
	return raw, true
}

func hexDigit(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10
	}
	return 0xff
}

func uuidString(raw []byte) string {
	var b [36]byte
	hex.Encode(b[0:8], raw[0:4])
	hex.Encode(b[9:13], raw[4:6])
	hex.Encode(b[14:18], raw[6:8])
	hex.Encode(b[19:23], raw[8:10])
	hex.Encode(b[24:36], raw[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

func clusterKey(family byte, c record.Cluster) []byte {
	return appendString(append(make([]byte, 0, 96), family), c)
}

func storageKey(family byte, c record.Cluster, s record.Storage) []byte {
	return appendString(clusterKey(family, c), s)
}

func uidKey(family byte, c record.Cluster, uid record.UID) []byte {
	return appendUID(clusterKey(family, c), uid)
}

// hour numbers hours since 1970; hours before it sort first.
type hour int64

func hourOf(nanos int64) hour {
	h := nanos / nanosInHour
	if nanos < 0 && nanos%nanosInHour != 0 {
		h--
	}
	return hour(h)
}

func (h hour) start() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

func appendHour(key []byte, h hour) []byte {
	return binary.BigEndian.AppendUint32(key, uint32(int64(h)+1<<31))
}

func cutHour(key []byte) (hour, []byte, bool) {
	if len(key) < 4 {
		return 0, nil, false
	}
	return hour(int64(binary.BigEndian.Uint32(key)) - 1<<31), key[4:], true
}

// appendMoment writes the time within its hour in six bytes.
func appendMoment(key []byte, nanos int64) []byte {
	n := uint64(nanos - int64(hourOf(nanos))*nanosInHour)
	return append(key, byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

const momentLen = 6

func moment(h hour, b []byte) int64 {
	n := int64(b[0])<<40 | int64(b[1])<<32 | int64(b[2])<<24 | int64(b[3])<<16 | int64(b[4])<<8 | int64(b[5])
	return int64(h)*nanosInHour + n
}

// nameHash stands for a name in the keys of requests and events: two bytes each of what kind of thing it is and of its namespace, so that
// a scan of one resource or namespace is a range, and four of its name. Readers compare the record itself.
type nameHash [8]byte

func hashName(group, what, namespace, name string) (h nameHash) {
	binary.BigEndian.PutUint16(h[0:], hash16(group, what))
	binary.BigEndian.PutUint16(h[2:], hash16("", namespace))
	binary.BigEndian.PutUint32(h[4:], uint32(xxhash.Sum64String(name)))
	return h
}

func hash16(group, what string) uint16 {
	var buf [128]byte
	return uint16(xxhash.Sum64(append(append(append(buf[:0], group...), 0), what...)))
}

func requestName(r *record.Record) nameHash {
	return hashName(r.Ref.Group, r.Ref.Resource, r.Ref.Namespace, r.Ref.Name)
}

func eventName(r *record.Record) nameHash {
	about := &r.KubeEvent.Regarding
	return hashName("", about.Kind, about.Namespace, about.Name)
}

func spanName(ref *record.ObjectRef) nameHash {
	return hashName(ref.Group, ref.Resource, ref.Namespace, ref.Name)
}

// What a span is found by beside the object that it names first.
const (
	refAudit byte = 'a' // hash of the audit ID
	refName  byte = 'n' // name hash of a further object that it names
	refTrace byte = 't' // hash of the trace ID
)

func hashOf[T ~string | ~[]byte](id T) (h nameHash) {
	binary.BigEndian.PutUint64(h[:], xxhash.Sum64([]byte(id)))
	return h
}

func spanKey(c record.Cluster, nanos int64, name nameHash) []byte {
	return appendMoment(append(hourKey(famTraced, c, hourOf(nanos)), name[:]...), nanos)
}

func traceRefKey(c record.Cluster, nanos int64, by byte, hash, name nameHash) []byte {
	key := append(append(hourKey(famTraceRef, c, hourOf(nanos)), by), hash[:]...)
	return appendMoment(append(key, name[:]...), nanos)
}

func pushedKey(c record.Cluster, id record.ID) []byte {
	return append(clusterKey(famPushed, c), id[:]...)
}

// pushedPlace is where a record lies, in an order that begins with the earliest.
func pushedPlace(nanos int64, name nameHash) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(nanos)^1<<63), name[:]...)
}

func cutPushedPlace(place []byte) (nanos int64, ok bool) {
	if len(place) != 8+len(nameHash{}) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(place) ^ 1<<63), true
}

func hourKey(family byte, c record.Cluster, h hour) []byte {
	return appendHour(clusterKey(family, c), h)
}

func requestKey(c record.Cluster, nanos int64, class byte, name nameHash) []byte {
	key := append(hourKey(famRequest, c, hourOf(nanos)), class)
	return appendMoment(append(key, name[:]...), nanos)
}

func eventKey(c record.Cluster, nanos int64, name nameHash) []byte {
	return appendMoment(append(hourKey(famEvent, c, hourOf(nanos)), name[:]...), nanos)
}

func hoursKey(c record.Cluster, family byte, name nameHash) []byte {
	return append(append(clusterKey(famHours, c), family), name[:]...)
}

func nameKey(c record.Cluster, n named, uid record.UID) []byte {
	key := clusterKey(famName, c)
	for _, s := range [...]string{n.group, n.resource, n.namespace, n.name} {
		key = appendString(key, s)
	}
	return appendUID(key, uid)
}

// place tells which part of the revision family holds revisions of an object.
type place struct {
	storage record.Storage
	kin     kin
	bucket  uint64
}

// revisionKey of one resourceVersion; a key that ends behind the UID is the prefix of all in the place.
func placeKey(c record.Cluster, p place, uid record.UID) []byte {
	key := binary.BigEndian.AppendUint64(storageKey(famRevision, c, p.storage), p.bucket)
	return appendUID(append(key, p.kin[:]...), uid)
}

func bucketKey(c record.Cluster, s record.Storage, bucket uint64) []byte {
	return binary.BigEndian.AppendUint64(storageKey(famRevision, c, s), bucket)
}

func appendRV(key []byte, rv record.ResourceVersion) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(rv))
}

// revisionParts is a revision key taken apart.
type revisionParts struct {
	cluster record.Cluster
	place   place
	uid     record.UID
	rv      record.ResourceVersion
	end     bool
}

func cutRevisionKey(key []byte) (p revisionParts, err error) {
	c, rest, ok := cutString(key[1:])
	s, rest, ok2 := cutStringIf(rest, ok)
	if !ok2 || len(rest) < 8+kinLen {
		return p, badKey(key)
	}
	p.cluster, p.place.storage = record.Cluster(c), record.Storage(s)
	p.place.bucket = binary.BigEndian.Uint64(rest)
	copy(p.place.kin[:], rest[8:])
	p.uid, rest, ok = cutUID(rest[8+kinLen:])
	if !ok || len(rest) < 8 || len(rest) > 9 {
		return p, badKey(key)
	}
	p.rv, p.end = record.ResourceVersion(binary.BigEndian.Uint64(rest)), len(rest) == 9
	return p, nil
}

func cutStringIf(b []byte, ok bool) (string, []byte, bool) {
	if !ok {
		return "", nil, false
	}
	return cutString(b)
}

func badKey(key []byte) error {
	return damaged(key, fmt.Errorf("key of %d bytes does not parse", len(key)))
}

// keyEnd is the first key behind all that begin with prefix; nil: there is none.
func keyEnd(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// unixNano maps times to the range that the stored format has; the zero time is 0, as in package record.
func unixNano(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Before(minTime):
		return minTime.UnixNano()
	case t.After(maxTime):
		return maxTime.UnixNano()
	}
	return t.UnixNano()
}

func fromUnixNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

var (
	minTime = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2250, 1, 1, 0, 0, 0, 0, time.UTC)
)
