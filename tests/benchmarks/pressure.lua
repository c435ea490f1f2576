-- Told the name of a file with `target<TAB>token` lines, wrk asks for them in turn, and ends with a line of JSON.

local asked, last = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local target, token = line:match("^(.-)\t(.*)$")
    local headers = { Host = wrk.headers["Host"] }
    if token ~= "" then
      headers["Authorization"] = "Bearer " .. token
    end
    asked[#asked + 1] = wrk.format("GET", target, headers)
  end
end

function request()
  last = last % #asked + 1
  return asked[last]
end

function done(summary, latency, requests)
  local figures = {
    requests = summary.requests,
    microseconds = summary.duration,
    p50 = latency:percentile(50.0),
    p95 = latency:percentile(95.0),
    p99 = latency:percentile(99.0),
    most = latency.max,
    cpu_seconds = os.clock(),
  }
  for name, count in pairs(summary.errors) do
    figures[name] = count
  end
  local parts = {}
  for name, figure in pairs(figures) do
    parts[#parts + 1] = string.format('"%s":%.3f', name, figure)
  end
  io.write("{" .. table.concat(parts, ",") .. "}\n")
end
