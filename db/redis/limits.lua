-- Takes a cost from several buckets, from all or from none: the generic cell rate algorithm (ITU-T
-- I.371) on the server's own clock. A bucket is the time at which it is full again.
-- KEYS: one per bucket. ARGV: per bucket its quota, its window in ms, the cost.
-- Returns per bucket: what is left, ms until it is full, ms until the cost is available.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local buckets, refused = {}, false
for at, key in ipairs(KEYS) do
  local quota, window_ms, cost = tonumber(ARGV[3 * at - 2]), ARGV[3 * at - 1], ARGV[3 * at]
  local window = window_ms * 1000
  local step = window / quota
  -- A key of another type counts as absent and is overwritten.
  local known = tonumber(redis.pcall('GET', key)) or 0
  -- After the clock was set back, a caller is refused for at most one window.
  local full_at = math.min(math.max(known, now), now + window)
  local wanted = full_at + cost * step
  local wait = wanted - window - now
  if wait > 1 then refused = true end
  buckets[at] = { window = window, step = step, full_at = full_at, wanted = wanted, wait = wait }
end
local answer = {}
for at, one in ipairs(buckets) do
  local full_at = one.full_at
  if not refused then
    full_at = one.wanted
    local life_ms = math.max(1, math.ceil((full_at - now) / 1000))
    redis.call('SET', KEYS[at], string.format('%.0f', full_at), 'PX', life_ms)
  end
  table.insert(answer, math.floor((one.window - (full_at - now)) / one.step + 0.001))
  table.insert(answer, math.ceil((full_at - now) / 1000))
  table.insert(answer, one.wait > 1 and math.ceil(one.wait / 1000) or 0)
end
return answer
