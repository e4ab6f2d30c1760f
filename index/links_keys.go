package index

import (
	"bytes"
	"encoding/hex"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// What is kept of links, all under one name of derived data. A generation is what one set of rules derives.
//
//	0 | generation                                                            head: how far it has got
//	1 | generation | f | cluster uid                                          what an object said over its life
//	1 | generation | u | cluster uid                       | cluster uid      who said something of a UID
//	1 | generation | n | cluster group resource namespace name | cluster uid  of a name
//	1 | generation | s | cluster group resource namespace  | cluster uid      of what a selector chooses there
//	1 | generation | l | cluster group resource key value namespace | uid     which objects had a label
//	2 | last seven bytes of record.ObjectID | cluster uid                     objects by hash
//
// Texts end with 0 1; a 0 in one is 0 255. UIDs that are UUIDs are packed.
const (
	linkHeads  byte = 0
	linkFacts  byte = 1
	linkHashes byte = 2

	linkForward  byte = 'f'
	linkByUID    byte = 'u'
	linkByName   byte = 'n'
	linkSelector byte = 's'
	linkLabel    byte = 'l'
)

// everywhere stands for all namespaces in the key of a selector; no namespace is called so.
const everywhere = "*"

type generationID [8]byte

func appendKey(b []byte, texts ...string) []byte {
	for _, s := range texts {
		for i := range len(s) {
			if b = append(b, s[i]); s[i] == 0 {
				b = append(b, 255)
			}
		}
		b = append(b, 0, 1)
	}
	return b
}

// cutKey takes the first text off a key; false where there is none.
func cutKey(b []byte) (text string, rest []byte, ok bool) {
	var out []byte
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			out = append(out, b[i])
			continue
		}
		switch b[i+1] {
		case 1:
			return string(out), b[i+2:], true
		case 255:
			out = append(out, 0)
			i++
		default:
			return "", nil, false
		}
	}
	return "", nil, false
}

// pack makes 17 bytes of a UID that is a UUID as Kubernetes writes it; of others one byte more than they have.
func pack(uid record.UID) string {
	if len(uid) == 36 && uid[8] == '-' && uid[13] == '-' && uid[18] == '-' && uid[23] == '-' {
		b, err := hex.DecodeString(string(uid[:8] + uid[9:13] + uid[14:18] + uid[19:23] + uid[24:]))
		packed := "\x01" + string(b)
		if same, ok := unpack(packed); err == nil && ok && same == uid { // not in capitals
			return packed
		}
	}
	return "\x02" + string(uid)
}

// unpack gives the UID; not ok where pack wrote no such thing, as where another release did.
func unpack(packed string) (uid record.UID, ok bool) {
	switch {
	case len(packed) == 17 && packed[0] == 1:
		h := hex.EncodeToString([]byte(packed[1:]))
		return record.UID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), true
	case packed != "" && packed[0] == 2:
		return record.UID(packed[1:]), true
	}
	return "", false
}

func (g generationID) head() []byte { return append([]byte{linkHeads}, g[:]...) }
func (g generationID) facts() []byte {
	return append([]byte{linkFacts}, g[:]...)
}
func (g generationID) kind(kind byte) []byte { return append(g.facts(), kind) }

func (g generationID) forward(key store.ObjectKey) []byte {
	return appendKey(g.kind(linkForward), string(key.Cluster), pack(key.UID))
}

func (g generationID) byUID(c record.Cluster, uid record.UID) []byte {
	return appendKey(g.kind(linkByUID), string(c), pack(uid))
}

func (g generationID) byName(c record.Cluster, gr record.GroupResource, namespace, name string) []byte {
	return appendKey(g.kind(linkByName), string(c), gr.Group, gr.Resource, namespace, name)
}

func (g generationID) selector(c record.Cluster, gr record.GroupResource, namespace string) []byte {
	return appendKey(g.kind(linkSelector), string(c), gr.Group, gr.Resource, namespace)
}

// labels is the prefix of a label's objects. Without a value: of all values of the key.
func (g generationID) labels(c record.Cluster, gr record.GroupResource, texts ...string) []byte {
	return appendKey(appendKey(g.kind(linkLabel), string(c), gr.Group, gr.Resource), texts...)
}

// target is the prefix of who said something of what a claim means; c is the cluster of who claims.
func (g generationID) target(c record.Cluster, t *link.Target) []byte {
	if t.Cluster != "" {
		c = t.Cluster
	}
	gr := record.GroupResource{Group: t.Group, Resource: t.Resource}
	switch {
	case t.UID != "":
		return g.byUID(c, t.UID)
	case !t.Selects():
		return g.byName(c, gr, t.Namespace, t.Name)
	case t.AllNamespaces:
		return g.selector(c, gr, everywhere)
	}
	return g.selector(c, gr, t.Namespace)
}

// sourceOf reads the object behind a prefix of one of the reverse keys.
func sourceOf(key, prefix []byte) (store.ObjectKey, bool) {
	cluster, rest, ok := cutKey(bytes.TrimPrefix(key, prefix))
	if !ok {
		return store.ObjectKey{}, false
	}
	packed, rest, ok := cutKey(rest)
	uid, known := unpack(packed)
	return store.ObjectKey{Cluster: record.Cluster(cluster), UID: uid}, ok && known && len(rest) == 0
}

func hashKey(hash [7]byte) []byte { return append([]byte{linkHashes}, hash[:]...) }

// HashOf gives the bytes by which Links.ByHash finds an object.
func HashOf(key store.ObjectKey) (hash [7]byte) {
	id := record.ObjectID(key.Cluster, key.UID)
	copy(hash[:], id[len(id)-len(hash):])
	return hash
}

func hashEntry(key store.ObjectKey) []byte {
	return appendKey(hashKey(HashOf(key)), string(key.Cluster), pack(key.UID))
}
