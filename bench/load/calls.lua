-- wrk: POSTs a call from one caller after the other. What is sent comes from the environment; the result goes out as one
-- line of JSON. BENCH_BODY has ####### where the seven digits of the caller's number belong.
local requests, position = {}, 0

function init()
  local env = os.getenv
  local callers, step = tonumber(env('BENCH_CALLERS')), tonumber(env('BENCH_STEP'))
  local headers = { ['Content-Type'] = 'application/json', ['X-Benemen-APIKey'] = env('BENCH_KEY') }
  for i = 0, callers - 1 do
    -- 7919 has no factor in common with the counts used here: every caller once, not in the order of the list.
    local digits = string.format('%07d', (i * 7919 % callers) * step)
    requests[i] = wrk.format('POST', env('BENCH_PATH'), headers, (env('BENCH_BODY'):gsub('#######', digits)))
  end
end

function request()
  position = position + 1
  if position > #requests then position = 0 end
  return requests[position]
end

function done(summary)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"microseconds":%d,"bytes":%d,"errors":%d,"loadCpuSeconds":%.3f}',
    summary.requests, summary.duration, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, os.clock()
  ))
end
