"""The protocol's test vectors: fixed keys in, expected bytes out, and one fault each with who must refuse it.

Every file is a JSON array of objects. Bytes are lower-case hexadecimal, ranges are [start, end) pairs. An
entry either states what comes out, or `refused_by` with the layer and the code of the error. HPKE draws its
own randomness, so what it sealed is made once and kept: those entries are opened, never made again.
"""
