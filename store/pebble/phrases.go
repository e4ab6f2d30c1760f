package pebble

import (
	_ "embed" // the dictionary
	"encoding/binary"
	"errors"
	"math/bits"
	"sync"
)

// Stored records are written in phrases: what Kubernetes says again and again (field names of managedFields, defaults of a pod, the groups of a service
// account) stands in a dictionary that ships with the program, and a record refers to it. This is a function of the record
// alone, so it keeps every write a blind merge; it makes values three to six times smaller before any block is compressed, which saves most of the work of the log, the memtables and
// the compactions, and lets a block hold that many more neighbours.
//
// A phrase is FF, its length less minPhrase as a varint, and its offset in the dictionary in two bytes, low first. FE stands before a
// literal FE or FF; neither occurs in UTF-8. All else stands for itself.

// dictionary is part of the stored format: never change it, add another format number. dictionary_test.go tells how it was made.
//
//go:embed dictionary.txt
var dictionary string

const (
	phraseMark  = 0xff
	literalMark = 0xfe
	minPhrase   = 8
	// worthwhile is the least length that is written as a phrase.
	worthwhile = 9
	// maxUnpacked bounds what a damaged value can expand to.
	maxUnpacked = 256 << 20
	indexBits   = 16
)

// phrases finds parts of records in the dictionary. It is made once for a store and not changed.
type phrases struct {
	index [1 << indexBits]uint32 // hash of eight bytes -> their first offset plus one, below 16 more bits of the hash
}

// phraseIndex is computed when first asked for and the same ever after.
var phraseIndex = sync.OnceValue(newPhrases)

func newPhrases() *phrases {
	p := &phrases{}
	for i := len(dictionary) - 8; i >= 0; i-- {
		slot, check := hash8(load8(dictionary[i:]))
		p.index[slot] = check | uint32(i+1)
	}
	return p
}

// hash8 gives the slot of eight bytes, and what tells most others in that slot apart without a look into the dictionary.
func hash8(x uint64) (slot uint64, check uint32) {
	x *= 0x9e3779b185ebca87
	return x >> (64 - indexBits), uint32(x>>16) &^ 0xffff
}

func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// append writes src in phrases behind dst. Equal input gives equal output.
func (p *phrases) append(dst, src []byte) []byte {
	from := 0 // of the literals not written yet
	for i := 0; i+minPhrase <= len(src); {
		word := binary.LittleEndian.Uint64(src[i:])
		slot, check := hash8(word)
		found := p.index[slot]
		at := int(found&0xffff) - 1
		if found&^0xffff != check || at < 0 || load8(dictionary[at:]) != word {
			i += 1 + (i-from)>>6 // what has not matched for long will not soon
			continue
		}
		n := minPhrase + commonPrefix(src[i+minPhrase:], dictionary[at+minPhrase:])
		for i > from && at > 0 && src[i-1] == dictionary[at-1] {
			i, at, n = i-1, at-1, n+1
		}
		if n < worthwhile {
			i++
			continue
		}
		dst = appendLiterals(dst, src[from:i])
		dst = binary.AppendUvarint(append(dst, phraseMark), uint64(n-minPhrase))
		dst = append(dst, byte(at), byte(at>>8))
		i += n
		from = i
	}
	return appendLiterals(dst, src[from:])
}

func commonPrefix(b []byte, s string) int {
	n := 0
	for n+8 <= len(b) && n+8 <= len(s) {
		if x := binary.LittleEndian.Uint64(b[n:]) ^ load8(s[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < len(b) && n < len(s) && b[n] == s[n] {
		n++
	}
	return n
}

func appendLiterals(dst, src []byte) []byte {
	for len(src) >= 8 {
		// A byte is FE or FF if its seven upper bits are all set: then it is zero here.
		x := ^binary.LittleEndian.Uint64(src) & 0xfefefefefefefefe
		if (x-0x0101010101010101)&^x&0x8080808080808080 != 0 {
			break
		}
		dst = append(dst, src[:8]...)
		src = src[8:]
	}
	for i, c := range src {
		if c >= literalMark {
			dst = append(dst, literalMark)
		} else if len(src)-i >= 16 {
			return appendLiterals(append(dst, c), src[i+1:])
		}
		dst = append(dst, c)
	}
	return dst
}

var errPhrases = errors.New("phrases do not decode")

// appendPlain writes behind dst what src says in phrases.
func appendPlain(dst, src []byte) ([]byte, error) {
	limit := len(dst) + maxUnpacked
	for len(src) > 0 {
		n := literalRun(src)
		dst, src = append(dst, src[:n]...), src[n:]
		if len(src) == 0 {
			break
		}
		if src[0] == literalMark {
			if len(src) < 2 {
				return nil, errPhrases
			}
			dst, src = append(dst, src[1]), src[2:]
			continue
		}
		size, width := binary.Uvarint(src[1:])
		if width <= 0 || len(src) < 3+width || size > uint64(len(dictionary)) {
			return nil, errPhrases
		}
		at := int(src[1+width]) | int(src[2+width])<<8
		end := at + int(size) + minPhrase
		if end > len(dictionary) || len(dst)+end-at > limit {
			return nil, errPhrases
		}
		dst, src = append(dst, dictionary[at:end]...), src[3+width:]
	}
	return dst, nil
}

// plainLen is how long appendPlain's result will be; of bytes that do not decode, any length that these can have at most.
func plainLen(src []byte) int {
	n := 0
	for len(src) > 0 && n < maxUnpacked {
		run := literalRun(src)
		n, src = n+run, src[run:]
		switch {
		case len(src) == 0:
		case src[0] == literalMark:
			n, src = n+1, src[min(2, len(src)):]
		default:
			size, width := binary.Uvarint(src[1:])
			if width <= 0 || size > uint64(len(dictionary)) {
				return n
			}
			n, src = n+int(size)+minPhrase, src[min(3+width, len(src)):]
		}
	}
	return n
}

// literalRun is how many bytes before the next mark stand for themselves.
func literalRun(src []byte) int {
	n := 0
	for n+8 <= len(src) {
		x := ^binary.LittleEndian.Uint64(src[n:]) & 0xfefefefefefefefe
		if marks := (x - 0x0101010101010101) &^ x & 0x8080808080808080; marks != 0 {
			return n + bits.TrailingZeros64(marks)>>3
		}
		n += 8
	}
	for n < len(src) && src[n] < literalMark {
		n++
	}
	return n
}
