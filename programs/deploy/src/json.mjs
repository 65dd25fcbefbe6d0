// JSON in which every key is there once. Of two that are the same, a reader sees one and a program takes the other.

// As `JSON.parse`; throws what `twice` makes of a key that an object has twice.
export function parse(letters, twice) {
  const value = JSON.parse(letters);
  // It is sound JSON, so strings and brackets are all there is to look for.
  const open = [];
  for (const [token] of letters.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/gs)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token.endsWith(':')) {
      const key = JSON.parse(token.slice(0, -1));
      if (open.at(-1).has(key)) throw twice(key);
      open.at(-1).add(key);
    }
  }
  return value;
}
