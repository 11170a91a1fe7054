"""Output of scikit-learn and Python's string methods, for tfidf.test.ts."""

import hashlib
import json
import re
import sys
import unicodedata

from sklearn.feature_extraction.text import TfidfVectorizer

SURROGATES = range(0xD800, 0xE000)


def vectorize(case):
    vectorizer = TfidfVectorizer(**case["options"])
    try:
        fitted = vectorizer.fit_transform(case["texts"])
    except ValueError as error:
        return {"error": str(error)}
    answer = {"words": vectorizer.get_feature_names_out().tolist(), "fitted": csr(fitted)}
    if case["others"]:
        answer["others"] = csr(vectorizer.transform(case["others"]))
    return answer


def csr(matrix):
    matrix.sort_indices()
    return {
        "shape": list(matrix.shape),
        "indptr": matrix.indptr.tolist(),
        "indices": matrix.indices.tolist(),
        "data": matrix.data.tolist(),
    }


def characters(question):
    """For each block of code points: a digest of `lower()` in every pattern, and of the words of doubled characters."""
    size, patterns = question["block"], question["patterns"]
    word = re.compile(r"(?u)\b\w\w+\b")
    blocks = []
    for start in range(0, 0x110000, size):
        block = [chr(code) for code in range(start, start + size) if code not in SURROGATES]
        lines = (pattern.replace("*", character) for character in block for pattern in patterns)
        doubled = " ".join(character * 2 for character in block)
        blocks.append([digest("\n".join(lines).lower()), digest("\n".join(word.findall(doubled)))])
    return {"unicode": unicodedata.unidata_version, "blocks": blocks}


def digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


question = json.load(sys.stdin)
if "cases" in question:
    print(json.dumps([vectorize(case) for case in question["cases"]]))
else:
    print(json.dumps(characters(question)))
