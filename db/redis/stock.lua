#!lua name=holdfast_stock
-- The Redis side of stock: admits holds as far as the ledger's last known levels allow.
-- KEYS of each function share one hash tag: the level of a sku, and its unsettled admissions.
-- A level is one text: epoch, on hand, reserved, version, and the time of the ledger's answer (ms).

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A key of another type counts as lost; the ledger's next answer replaces it.
local function level_of(key)
  local raw = redis.pcall('GET', key)
  if type(raw) ~= 'string' then return nil end
  local epoch, on_hand, reserved, version, at =
    string.match(raw, '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not epoch then return nil end
  return {
    epoch = tonumber(epoch), on_hand = tonumber(on_hand), reserved = tonumber(reserved),
    version = tonumber(version), at = tonumber(at),
  }
end

local function write(key, level)
  redis.call('SET', key, string.format('%.0f %.0f %.0f %.0f %.0f',
    level.epoch, level.on_hand, level.reserved, level.version, level.at))
end

local function unsettled(key, now)
  if type(redis.pcall('ZREMRANGEBYSCORE', key, '-inf', now)) ~= 'number' then
    redis.call('DEL', key)
  end
  local sum = 0
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    sum = sum + tonumber(string.match(member, ' (%d+)$'))
  end
  return sum
end

-- ARGV: reservation id, quantity, TTL of the admission in ms, epoch, ms a shortage is trusted.
-- Returns {verdict, available}. All checks come before all writes.
local function admit(keys, args)
  local level = level_of(keys[1])
  -- Redis is complete under the caller's epoch, so an older level is a remnant of lost data.
  if not level or level.epoch < tonumber(args[4]) then return {'unknown', 0} end
  if level.epoch > tonumber(args[4]) then return {'fenced', 0} end
  local available, quantity = level.on_hand - level.reserved, tonumber(args[2])
  local member = args[1] .. ' ' .. args[2]
  local now = now_ms()
  local others = unsettled(keys[2], now)
  if redis.call('ZSCORE', keys[2], member) then return {'admitted', available} end
  if available < quantity then
    local trusted = tonumber(args[5])
    if now - level.at < trusted then return {'short', available} end
    -- One caller a second checks with the ledger.
    level.at = now - trusted + 1000
    write(keys[1], level)
    return {'stale', available}
  end
  if available - others < quantity then return {'contended', available} end
  redis.call('ZADD', keys[2], now + tonumber(args[3]), member)
  redis.call('PEXPIRE', keys[2], args[3])
  return {'admitted', available}
end

-- ARGV: reservation id, quantity. Withdraws an admission.
local function withdraw(keys, args)
  return redis.call('ZREM', keys[2], args[1] .. ' ' .. args[2])
end

-- ARGV: epoch, on hand, reserved, version, how (settle or fill), reservation id, quantity.
-- A ledger answer replaces only older ones. Only a fill lets a level admit: after a data loss a
-- single answer must not make Redis look complete. An older epoch changes nothing.
local function settle(keys, args)
  local answer = {
    epoch = tonumber(args[1]), on_hand = tonumber(args[2]), reserved = tonumber(args[3]),
    version = tonumber(args[4]), at = now_ms(),
  }
  local level = level_of(keys[1])
  if level and level.epoch > answer.epoch then return 0 end
  local known = level and level.epoch or 0
  if level and level.version > answer.version then
    answer.on_hand, answer.reserved = level.on_hand, level.reserved
    answer.version, answer.at = level.version, level.at
  end
  if args[5] == 'fill' then
    if known < answer.epoch then redis.call('DEL', keys[2]) end
  else
    answer.epoch = known
  end
  write(keys[1], answer)
  -- A sku that the ledger does not have expires again.
  if answer.version == 0 then redis.call('PEXPIRE', keys[1], 10000) end
  if args[6] ~= '' then
    redis.pcall('ZREM', keys[2], args[6] .. ' ' .. args[7])
  end
  return 1
end

redis.register_function('holdfast_stock_admit', admit)
redis.register_function('holdfast_stock_withdraw', withdraw)
redis.register_function('holdfast_stock_settle', settle)
