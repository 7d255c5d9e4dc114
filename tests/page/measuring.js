/* What is wrong with the page as it stands, in words: cut, clipped, too wide, too small to tap, too pale to read. */
() => {
  const SINGLE_TARGET_PX = 40;
  const found = [];
  const name = (node) => {
    const message = node.closest("[data-message]");
    const words = (node.getAttribute("aria-label") ?? node.textContent).trim().replace(/\s+/g, " ").slice(0, 40);
    return `${node.tagName.toLowerCase()}.${[...node.classList].join(".")} "${words}"${message ? ` of message ${message.dataset.message}` : ""}`;
  };
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  const wide = (node) => node.scrollWidth > node.clientWidth + 1;
  if (wide(document.documentElement) || wide(document.body)) found.push("the page is wider than its window");
  const feed = document.querySelector(".feed");
  if (feed && isShown(feed) && wide(feed)) found.push("the feed is wider than its pane");
  const framed = ".bubble p, .bubble pre, .lines, .quote, .keys, .key, .doc, .row, .pods li, .faults label, .composer, .bar";
  for (const node of document.querySelectorAll(framed)) {
    if (isShown(node) && node.clientWidth && wide(node)) found.push(`${name(node)} is wider than its frame`);
  }
  for (const node of document.querySelectorAll(".key > span")) {
    const words = document.createRange();
    words.selectNodeContents(node);
    if (isShown(node) && words.getBoundingClientRect().width > node.getBoundingClientRect().width) found.push(`${name(node)} is cut short`);
  }
  for (const node of document.querySelectorAll(".bubble :not(.act, .act *)")) {
    const [box, bubble] = [node, node.closest(".bubble")].map((each) => each.getBoundingClientRect());
    if (isShown(node) && (box.left < bubble.left - 0.5 || box.right > bubble.right + 0.5)) found.push(`${name(node)} sticks out of its bubble`);
  }
  for (const node of document.querySelectorAll(".bubble, .keys")) {
    const pane = node.closest(".feed").getBoundingClientRect();
    const box = node.getBoundingClientRect();
    if (box.left < pane.left || box.right > pane.right) found.push(`${name(node)} sticks out of its pane`);
  }
  for (const node of document.querySelectorAll("p, b, i, small, h1, h2, span, code, time")) {
    const style = getComputedStyle(node);
    const folded = node.closest(".fold:not(.open)");
    if (!isShown(node) || folded || style.overflow === "visible" || node.matches(".vh")) continue;
    if (node.clientHeight && node.scrollHeight > node.clientHeight + 2) found.push(`${name(node)} is clipped below`);
  }

  const inText = "p a, p button, .lines a, .lines button, .quote a, .quote button";
  for (const node of document.querySelectorAll("button, a[href], textarea, [role=switch], [role=option]")) {
    if (!isShown(node) || node.matches(inText) || node.closest(".skip")) continue;
    const box = (node.closest("label") ?? node).getBoundingClientRect();
    if (box.width && box.height < SINGLE_TARGET_PX - 0.5) found.push(`${name(node)} is ${box.height} px high`);
  }

  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((each) => each / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  /* The grounds a node may lie on: one, or the ends of a gradient. */
  const grounds = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const stops = style.backgroundImage.match(/oklch\([^)]*\)|rgba?\([^)]*\)/g);
      if (stops) return stops.map(rgba).map((stop) => layers.reduceRight((below, top) => over(top, below), over(stop, [255, 255, 255, 1])));
      const colour = rgba(style.backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return [layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1])];
  };
  const seen = new Set();
  const readable = (node, least) => {
    const style = getComputedStyle(node);
    for (const ground of grounds(node)) {
      const ratio = contrast(over(rgba(style.color), ground), ground);
      const words = `${style.color} on ${ground.slice(0, 3).map(Math.round)} is ${ratio.toFixed(2)}:1, not ${least}:1`;
      if (ratio < least && !seen.has(words)) found.push(`${name(node)}: ${words}`);
      seen.add(words);
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !isShown(node) || node.closest(".vh, .spoiler, noscript, .skip")) continue;
    const { fontSize, fontWeight } = getComputedStyle(node);
    const size = parseFloat(fontSize);
    readable(node, size >= 24 || (size >= 18.66 && fontWeight >= 700) ? 3 : 4.5);
  }
  for (const drawing of document.querySelectorAll("svg.i")) if (isShown(drawing)) readable(drawing, 3);
  return found;
}
